"""Delegates' wishes and seats."""
