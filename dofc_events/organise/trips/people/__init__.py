"""The people of a learning trip."""
