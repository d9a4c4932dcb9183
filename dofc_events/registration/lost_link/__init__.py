"""One's own link, mailed again."""
