"""The ballot: one for each member, and how it is counted."""
