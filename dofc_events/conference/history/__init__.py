"""The seven editions, from the data file."""
