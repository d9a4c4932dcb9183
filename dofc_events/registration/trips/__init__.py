"""Delegates' seats on learning trips."""
