"""An edition's own questions, and their answers."""
