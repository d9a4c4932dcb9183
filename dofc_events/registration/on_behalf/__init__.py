"""What an organiser does for one delegate."""
