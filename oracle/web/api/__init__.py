"""The JSON interface: what it answers, and its description."""
