"""Acts of organisers on many registrations."""
