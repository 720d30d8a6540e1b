"""Implementations of the ports, each beside its local twin."""
