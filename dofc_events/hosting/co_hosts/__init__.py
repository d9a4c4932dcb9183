"""Co-hosts: named by a proposer, they count once they have confirmed."""
