"""Views of the list of registrations that an edition's organisers share, by name."""
