"""The work of commands that need more than a service and a table."""
