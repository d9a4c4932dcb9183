"""Every message, and what became of it."""
