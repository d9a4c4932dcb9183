"""The list at the bus."""
