"""What the evening mail says, as pure functions."""
