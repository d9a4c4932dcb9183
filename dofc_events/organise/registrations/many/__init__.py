"""Acts on many registrations at once."""
