"""Outcomes as rows of the memory, exported and imported."""
