"""An edition's registrations: the list, and below it one person, many at once, doubles, files."""
