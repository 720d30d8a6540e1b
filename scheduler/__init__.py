"""Jobs, and the runner that starts them on time."""
