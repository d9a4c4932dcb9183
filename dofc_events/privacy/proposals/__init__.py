"""Proposals that no longer name their proposers."""
