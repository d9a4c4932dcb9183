"""Possible duplicates: registrations that may belong to one person."""
