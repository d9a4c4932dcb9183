"""Groups and delegations of an edition."""
