"""Saved views of the list."""
