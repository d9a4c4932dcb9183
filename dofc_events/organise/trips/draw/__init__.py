"""Publishing a draw."""
