"""Proposals as reviewers read them."""
