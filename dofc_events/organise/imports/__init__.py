"""Files into registrations: sent, matched, tried out, registered."""
