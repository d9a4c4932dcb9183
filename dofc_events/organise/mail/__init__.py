"""Every email, and its status."""
