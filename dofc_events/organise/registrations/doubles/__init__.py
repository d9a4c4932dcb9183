"""Registrations that may be one person's."""
