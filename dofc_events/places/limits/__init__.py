"""Limits of categories."""
