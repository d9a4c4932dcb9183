"""What was answered, as it is written."""
