"""What the network keeps: its editions and their documents and photographs, outcomes with who signed them, its history."""
