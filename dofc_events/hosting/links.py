"""Links to a proposal and to a ballot: signed, so that they can be mailed again, and ended by a new version."""

from dofc_events.core.references import read_token, sign
from dofc_events.extensions import settings
from dofc_events.hosting.models import Proposal, Voter

PROPOSAL, BALLOT = "proposal", "ballot"


def token_of(proposal: Proposal) -> str:
    """The token of the proposer's link that is valid now."""
    return sign(settings().secret_key, PROPOSAL, proposal.reference, proposal.link_version)


def read_proposal_link(token: str) -> tuple[str, int] | None:
    """The reference and version that a token was made for, or None if it was not made here."""
    return read_token(settings().secret_key, PROPOSAL, token)


def ballot_token(voter: Voter, account_id: int) -> str:
    """The token of one representative's link to their member's ballot."""
    return sign(settings().secret_key, BALLOT, f"{voter.id}-{account_id}", voter.link_version)


def read_ballot_link(token: str) -> tuple[int, int, int] | None:
    """The ids of the voter and the account, and the version, that a token was made for, or None."""
    read = read_token(settings().secret_key, BALLOT, token)
    if read is None:
        return None
    voter_id, _, account_id = read[0].partition("-")
    return int(voter_id), int(account_id), read[1]
