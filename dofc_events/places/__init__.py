"""Pools and claims: the one place where something scarce is given, released and offered."""
