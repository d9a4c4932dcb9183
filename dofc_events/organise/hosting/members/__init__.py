"""The network's members and who speaks for them."""
