"""What organisers write to many delegates at once."""
