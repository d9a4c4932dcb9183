"""Acts of organisers on people of a learning trip."""
