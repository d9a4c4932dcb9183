"""What is on record of one edition, or of all, to be printed."""
