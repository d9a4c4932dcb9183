"""How many places of each pool are taken."""
