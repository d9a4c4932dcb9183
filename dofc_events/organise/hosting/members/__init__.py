"""The network's members and their representatives."""
