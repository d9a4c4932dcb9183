"""Accounts that no longer name their holders."""
