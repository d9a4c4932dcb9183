"""Photographs in a file of the memory: the sizes that are served; what was sent is not kept."""
