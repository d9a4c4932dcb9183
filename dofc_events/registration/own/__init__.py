"""One delegate's own pages, by link."""
