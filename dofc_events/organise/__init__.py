"""Organisers' pages, one package an area, named like its address."""
