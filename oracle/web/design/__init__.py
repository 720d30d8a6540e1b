"""The design system's page: every part of the website in every state, from fixed examples."""
