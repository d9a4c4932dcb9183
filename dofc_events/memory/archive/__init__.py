"""The whole memory as one file: rows and the bytes that they name. docs/memory.md describes it."""
