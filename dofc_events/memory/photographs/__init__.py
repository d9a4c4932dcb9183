"""Photographs of an edition: sent, made ready by the worker, described, published, and taken down."""
