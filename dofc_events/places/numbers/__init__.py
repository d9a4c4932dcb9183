"""The numbers of pools: what is taken of them."""
