"""The photographs of an edition: sent many at once, described, published."""
