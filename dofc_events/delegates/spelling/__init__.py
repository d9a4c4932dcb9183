"""How else a name is written."""
