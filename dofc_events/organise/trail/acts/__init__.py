"""How an act of the trail is told."""
