"""Categories by invitation: who can register in them."""
