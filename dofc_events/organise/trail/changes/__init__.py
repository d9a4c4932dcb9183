"""The changes of an act, in words."""
