"""The delegate's acts: register, change, cancel, accept an offer; and every message to delegates."""
