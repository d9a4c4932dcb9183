"""Whether an organisation that proposes under a typed name is a member of the network."""
