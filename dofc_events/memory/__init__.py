"""What the network keeps of its editions: outcomes, photographs, figures."""
