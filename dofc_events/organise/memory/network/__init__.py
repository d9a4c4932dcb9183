"""The whole memory of the network: facts of past editions, and what goes in and out as a file."""
