"""The run that removes what has been kept long enough."""
