"""What an act changed, in words."""
