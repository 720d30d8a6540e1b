"""Use cases: each module gathers from the ports, decides by pure functions, and records."""
