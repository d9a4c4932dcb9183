"""What the network keeps: its editions and their documents, outcomes with who signed them, its history."""
