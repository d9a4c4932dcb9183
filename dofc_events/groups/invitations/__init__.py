"""What the head of a delegation does with its places, and how people the head invites register."""
