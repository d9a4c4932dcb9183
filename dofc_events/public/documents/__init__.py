"""The published documents of an edition, each at an address that stays."""
