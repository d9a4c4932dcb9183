"""What is served of a photograph: made in a process of its own, with limits."""
