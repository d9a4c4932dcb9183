"""/ and /editions/: what anyone sees."""
