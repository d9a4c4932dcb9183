"""The table of everything personal that is kept, and the statements that are made from its rows."""
