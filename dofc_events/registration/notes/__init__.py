"""What organisers keep on a registration for themselves."""
