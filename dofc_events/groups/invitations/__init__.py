"""What the head of a delegation does with its places, and how those come in whom the head invites."""
