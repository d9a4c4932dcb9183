"""The words for the trail of the network: its accounts, roles, sign-ins and members."""
