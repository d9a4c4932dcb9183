"""What organisers do to the waiting list as a whole."""
