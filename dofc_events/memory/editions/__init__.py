"""What is on record of an edition: its facts with their sources, and what its organisers wrote of it."""
