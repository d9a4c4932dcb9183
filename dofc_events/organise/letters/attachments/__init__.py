"""Files that travel with a letter."""
