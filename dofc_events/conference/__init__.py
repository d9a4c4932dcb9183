"""The network and its conferences: organisations, members, editions, categories, outcomes."""
