"""The write-up of an edition: what it led to, its documents and pictures; and the whole memory of the network."""
