"""Editions and the network in figures, counted; and kept as numbers once an edition is archived."""
