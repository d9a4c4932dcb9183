"""The accounts that can sign in, and what they did."""
