"""Tells delegates what has changed in what they hold: news, and the messages that carry it."""
