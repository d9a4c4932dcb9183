"""Emails about a call to others: the chair, reviewers, voters."""
