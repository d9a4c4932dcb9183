"""Letters to many delegates at once."""
