"""One registration on one page."""
