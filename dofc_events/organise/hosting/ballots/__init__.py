"""A member's ballot, signed in."""
