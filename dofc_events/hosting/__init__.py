"""The next host: call for hosts, proposals, reviews, ballot, decision, hand-over."""
