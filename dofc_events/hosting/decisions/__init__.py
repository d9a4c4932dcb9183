"""Which proposal is accepted."""
