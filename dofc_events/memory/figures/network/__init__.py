"""The network in figures: what all editions together add up to, and how it grew."""
