"""What the network remembers: what an edition led to, its pictures and documents, its figures."""
