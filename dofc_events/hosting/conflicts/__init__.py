"""Who does not judge a proposal, because it is their own or for a reason of theirs."""
