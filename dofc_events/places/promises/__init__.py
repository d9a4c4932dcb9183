"""Places of an edition that are kept for groups."""
