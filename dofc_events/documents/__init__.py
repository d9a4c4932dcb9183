"""Turns frozen values into files; knows no feature."""
