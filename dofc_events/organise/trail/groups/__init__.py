"""The acts of groups and delegations."""
