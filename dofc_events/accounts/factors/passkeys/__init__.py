"""Passkeys: what browsers are asked for, and whether what they answer is right."""
