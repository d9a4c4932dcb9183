"""Organisers' pages that span features."""
