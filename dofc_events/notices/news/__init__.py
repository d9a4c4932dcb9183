"""What delegates are still to be told."""
