"""The settings of an edition, in parts."""
