"""What was agreed at the editions, and what became of it."""
