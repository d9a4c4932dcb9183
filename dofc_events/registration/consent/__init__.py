"""Consent to photographs, which can be given and taken back at any time."""
