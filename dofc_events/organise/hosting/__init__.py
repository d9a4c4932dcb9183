"""What those who run the network see of hosting."""
