"""The documents of an edition: files that anyone may read once they are published."""
