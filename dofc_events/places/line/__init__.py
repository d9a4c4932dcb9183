"""Who is next in line for a place at an edition: parties and promises included."""
