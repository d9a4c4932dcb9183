"""How many messages one act writes itself."""

# From how many people on the messages of one act are written by the worker, in batches of this size.
BATCH = 50
