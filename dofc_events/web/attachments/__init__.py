"""Files that people add to something of theirs: checked in a process of their own, before any transaction."""
