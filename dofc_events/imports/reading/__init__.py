"""Files that organisers send, read as a table in a process of their own."""
