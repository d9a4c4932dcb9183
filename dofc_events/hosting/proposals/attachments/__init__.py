"""Files that belong to a proposal: checked in a process of their own, counted, kept."""
