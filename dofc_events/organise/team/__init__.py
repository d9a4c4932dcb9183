"""Roles at an edition."""
