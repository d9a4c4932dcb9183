"""Who is registered where: the table, the reference, the link, the search."""
