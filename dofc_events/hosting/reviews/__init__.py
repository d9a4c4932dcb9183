"""Reviews by board members."""
