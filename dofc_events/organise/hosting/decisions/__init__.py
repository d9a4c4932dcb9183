"""The decision, and its announcement."""
