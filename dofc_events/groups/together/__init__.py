"""What a contact is told of several people at once, and does for them."""
