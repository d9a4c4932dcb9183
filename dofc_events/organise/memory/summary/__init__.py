"""How an edition was, in its organisers' words."""
