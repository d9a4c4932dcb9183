"""A call for hosts, from its text to its shortlist."""
