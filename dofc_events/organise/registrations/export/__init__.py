"""The list and what is made of it, as files."""
