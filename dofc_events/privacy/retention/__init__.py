"""The run that ends by the clock what has been kept long enough."""
