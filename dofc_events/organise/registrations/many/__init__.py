"""What is done with many registrations at once."""
