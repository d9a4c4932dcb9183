"""Answers to an edition's own questions, as delegates and organisers give them."""
