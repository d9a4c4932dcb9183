"""Hosting, for the people who run the network."""
