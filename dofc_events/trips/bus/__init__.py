"""Boarding the bus of a learning trip."""
