"""Reviewers who do not judge a proposal, because it is their own or for a declared reason."""
