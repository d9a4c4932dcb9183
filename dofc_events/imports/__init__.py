"""Files into registrations: read, matched with what we ask of delegates, tried out, and then registered all at once."""
