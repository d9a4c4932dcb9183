"""The documents of an edition."""
