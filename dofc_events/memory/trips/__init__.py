"""The learning trips of editions as rows of the memory: what their pages say of them, and nothing of who went."""
