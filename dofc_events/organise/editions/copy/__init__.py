"""A new edition as a copy of another one, and what in its texts is still about that one."""
