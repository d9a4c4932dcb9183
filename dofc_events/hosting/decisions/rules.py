"""When the chair has to give the network a reason."""

import enum
from collections.abc import Sequence


class Because(enum.StrEnum):
    """Why a decision needs a reason: the network did not make it."""

    NO_BALLOT = "no_ballot"
    NOBODY_VOTED = "nobody_voted"
    NO_QUORUM = "no_quorum"
    AGAINST_THE_BALLOT = "against_the_ballot"


def needs_reason(order: Sequence[str] | None, votes: int, quorum: int, choice: str) -> Because | None:
    """Why accepting `choice`, a reference or `none`, needs a reason that is published; None where the ballot said it.

    `order` is that of the count, None where no ballot took place; `votes` is how many ballots counted.
    """
    if order is None:
        return Because.NO_BALLOT
    if not votes:
        return Because.NOBODY_VOTED
    if votes < quorum:
        return Because.NO_QUORUM
    return Because.AGAINST_THE_BALLOT if order[0] != choice else None
