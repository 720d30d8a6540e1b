"""Frozen values and errors that every other part of the application speaks in."""
