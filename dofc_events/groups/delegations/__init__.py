"""Delegations: places promised to an organisation until a date, and what its head does with them."""
