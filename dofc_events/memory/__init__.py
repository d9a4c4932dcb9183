"""What the network keeps: editions with documents, photographs and figures, outcomes with who signed, its history."""
