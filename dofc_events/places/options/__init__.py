"""The places of options that an edition has few of."""
