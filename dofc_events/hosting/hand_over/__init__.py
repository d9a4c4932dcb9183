"""What one host hands over to the next."""
