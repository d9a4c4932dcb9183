"""A registration passed on to a colleague, and taken back before they have opened it."""
