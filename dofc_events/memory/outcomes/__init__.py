"""Outcomes: what an edition led to, who takes part in it, and what became of it."""
