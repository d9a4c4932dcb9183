"""The files with which a delegate answers questions."""
