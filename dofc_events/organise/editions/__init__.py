"""One edition: how it stands, its settings, publishing it, ending it."""
