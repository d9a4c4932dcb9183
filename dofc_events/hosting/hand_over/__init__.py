"""What one host leaves to the next."""
