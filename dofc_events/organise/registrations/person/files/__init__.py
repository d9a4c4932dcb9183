"""The files with which a delegate answered questions, as organisers see and add them."""
