"""The history of the network from a file that people write, and the one that comes with the site."""
