"""The accepted proposal becomes a draft edition."""
