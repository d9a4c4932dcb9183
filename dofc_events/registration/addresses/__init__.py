"""The address of a registration, and what ends with it."""
