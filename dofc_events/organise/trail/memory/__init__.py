"""The trail of what is kept of an edition."""
