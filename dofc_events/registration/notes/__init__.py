"""What organisers keep for themselves on a registration."""
