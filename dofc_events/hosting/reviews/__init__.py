"""Scores that board members give."""
