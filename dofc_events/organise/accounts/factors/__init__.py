"""Which roles need a second factor."""
