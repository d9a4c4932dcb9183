"""How the seats were drawn, for anyone to check."""
