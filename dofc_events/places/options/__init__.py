"""The places of options that an edition has only few of."""
