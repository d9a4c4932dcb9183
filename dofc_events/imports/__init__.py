"""Registers people from files: read, matched with what we ask of delegates, tried out, then registered all at once."""
