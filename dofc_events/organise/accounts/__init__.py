"""Who can sign in, and what they did with it."""
