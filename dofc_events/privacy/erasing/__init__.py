"""What becomes of a person: registrations, proposals and accounts that lead back to nobody."""
