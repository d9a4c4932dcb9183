"""A delegate's own link, emailed again."""
