"""/network/: the members, and the network in figures."""
