"""What `make bench` measures. Nothing here is timed by a test; the numbers are for reading."""
