"""What reviewers ask, and the answers."""
