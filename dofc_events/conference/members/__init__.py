"""Members of the network."""
