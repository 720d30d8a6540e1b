"""The website and the JSON interface."""
