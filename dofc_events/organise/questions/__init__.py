"""Organisers' pages about an edition's own questions."""
