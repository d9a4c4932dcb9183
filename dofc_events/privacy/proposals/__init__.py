"""Proposals that name their proposers no longer."""
