"""Several registrations with one contact; and places that are promised to an organisation until a date."""
