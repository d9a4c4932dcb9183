"""A proposal to host, from the empty form to its withdrawal."""
