"""Members and their representatives."""
