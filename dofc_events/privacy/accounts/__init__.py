"""Accounts that name their holders no longer."""
