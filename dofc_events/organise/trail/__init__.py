"""The trail of an edition in words, wherever organisers read it."""
