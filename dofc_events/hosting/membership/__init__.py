"""Whether an organisation with a typed name is a member of the network."""
