"""The page on which a contact takes places for several people at once."""
