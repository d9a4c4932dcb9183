"""Who may do what at an edition."""
