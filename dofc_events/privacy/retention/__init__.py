"""The table of everything personal that is kept, and the run that ends it by the clock."""
