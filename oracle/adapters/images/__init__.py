"""Stores of pictures, and what looks into pictures."""
