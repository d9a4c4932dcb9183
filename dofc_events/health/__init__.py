"""Whether the site works: what is wrong with it, and who is told other than by mail."""
