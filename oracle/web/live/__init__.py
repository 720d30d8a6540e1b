"""Prices that arrive by themselves: one question to the feed, however many pages watch."""
