"""Files that people send, read in a process with limits."""
