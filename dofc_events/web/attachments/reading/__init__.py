"""What strangers' files are: read in a process with limits alone, see `core/contained.py`."""
