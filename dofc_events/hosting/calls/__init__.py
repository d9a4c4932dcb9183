"""The call for hosts."""
