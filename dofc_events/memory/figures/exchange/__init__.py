"""Frozen figures as rows of the memory: out and in."""
