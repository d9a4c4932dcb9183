"""Questions of reviewers, and the answers."""
