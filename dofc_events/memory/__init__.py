"""What the network keeps: editions with documents and photographs, outcomes with who signed them, its history."""
