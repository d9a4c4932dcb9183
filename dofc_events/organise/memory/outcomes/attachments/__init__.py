"""The files of an outcome."""
