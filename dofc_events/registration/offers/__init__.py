"""Offers of a place."""
