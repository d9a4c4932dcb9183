"""Learning trips: set up, changed, called off, and who is on them."""
