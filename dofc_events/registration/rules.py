"""Pure decisions about what a delegate may do, and when."""

import enum
from collections.abc import Callable
from datetime import datetime, timedelta

from dofc_events.places.rules import ClaimStatus

LINKS_LAST = timedelta(days=183)
# What else follows once a registration is written to at another address, with its session, the registration, the old
# address, who did it and when. Packages above this one add to it: what they keep is not known here.
AFTER_READDRESSING: list[Callable[..., None]] = []


class Outcome(enum.StrEnum):
    """The result of sending the registration form."""

    REGISTERED = "registered"
    SENT_BEFORE = "sent_before"
    OTHER_ANSWERS = "other_answers"
    ADDRESS_KNOWN = "address_known"
    ANSWERED_BY_EMAIL = "answered_by_email"


def link_has_ended(finished_at: datetime | None, now: datetime) -> bool:
    """Whether delegates' links to their own pages no longer work, so long after an edition."""
    return finished_at is not None and now >= finished_at + LINKS_LAST


class Act(enum.StrEnum):
    """What organisers do by hand with many registrations at once."""

    TAG = "tag"
    UNTAG = "untag"
    CATEGORY = "category"
    APPROVE = "approve"
    CONFIRM = "confirm"
    CANCEL = "cancel"


class Obstacle(enum.StrEnum):
    """Why an act is not possible for somebody."""

    ERASED = "erased"
    EDITION_OVER = "edition_over"
    EDITION_BEGUN = "edition_begun"
    CANCELLED = "cancelled"
    HAS_PLACE = "has_place"
    NOT_WAITING = "not_waiting"
    NOT_REQUESTED = "not_requested"
    NOT_APPROVED = "not_approved"


def obstacle(act: Act, status: ClaimStatus, *, is_gone: bool, is_over: bool, gives_places: bool) -> Obstacle | None:
    """Why an act cannot be done for somebody whose place has that status; None if it can.

    Tags are the organisers' own, and can be put at any time on anybody who is still named.
    """
    if is_gone:
        return Obstacle.ERASED
    if act in (Act.TAG, Act.UNTAG):
        return None
    if is_over:
        return Obstacle.EDITION_OVER
    if status is ClaimStatus.CANCELLED:
        return Obstacle.CANCELLED
    if act is Act.APPROVE and status is not ClaimStatus.REQUESTED:
        return Obstacle.NOT_REQUESTED
    if act not in (Act.CONFIRM, Act.APPROVE):
        return None
    if status is ClaimStatus.CONFIRMED:
        return Obstacle.HAS_PLACE
    if not gives_places:
        return Obstacle.EDITION_BEGUN
    if act is Act.CONFIRM and status is ClaimStatus.REQUESTED:
        return Obstacle.NOT_APPROVED
    return Obstacle.NOT_WAITING if status is ClaimStatus.EXPIRED else None


def tag_word(text: str) -> str:
    """A tag as it is stored: "VIP " and "vip" are one, with single spaces between its words."""
    return " ".join(text.lower().split())
