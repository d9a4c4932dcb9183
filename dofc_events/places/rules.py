"""Pure decisions about places: statuses, deadlines of offers, what "full" means."""

import enum
from collections.abc import Iterable
from datetime import datetime, time, timedelta

from dofc_events.core.clock import from_zone, in_zone

# Offers of a day or longer end at this hour in the edition's zone, so that a deadline is a time people know.
OFFERS_END_AT = time(18, 0)

# The least time left when somebody is reminded of an offer.
REMINDED_BEFORE = timedelta(hours=2)

# What an organiser may set.
MAX_PLACES = 100_000
LONGEST_OFFER_HOURS = 24 * 90

# For how long a place is held until the delegate has proved the address, where an edition asks for it.
HOLD = timedelta(minutes=30)

# The number of free places from which the exact number is shown.
FEW_PLACES = 20


class ClaimStatus(enum.StrEnum):
    """The status of a claim. What is `requested` has not been given yet, and has a position.

    Seats are requested for a draw, or by somebody who has no place at the edition yet; places in a category that needs
    approval, until organisers decide.
    """

    CONFIRMED = "confirmed"
    WAITLISTED = "waitlisted"
    OFFERED = "offered"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    REQUESTED = "requested"


PLACE_STATUSES = tuple(ClaimStatus)
TAKEN = (ClaimStatus.CONFIRMED, ClaimStatus.OFFERED)
# Statuses that have not ended.
LIVE = (*TAKEN, ClaimStatus.WAITLISTED, ClaimStatus.REQUESTED)


class Availability(enum.StrEnum):
    PLACES = "places"
    FEW = "few"
    WAITING_LIST = "waiting_list"


def free_for_anybody(free: int, categories: Iterable[int | None]) -> int:
    """How many places somebody who registers now can have, of those `free`, in any of the categories open to them.

    These are named by how many their limits have left, None where they have no limit.
    """
    left = list(categories)
    return min(free, sum(max(0, one) for one in left if one is not None)) if left and None not in left else free


def availability(free: int) -> Availability:
    """What somebody who registers now can expect. Nobody waits while a place is free, so free places mean a place."""
    if free <= 0:
        return Availability.WAITING_LIST
    return Availability.FEW if free <= FEW_PLACES else Availability.PLACES


def offer_deadline(now: datetime, hours: float, zone: str, begins_at: datetime | None) -> datetime:
    """Until when a place that is offered at `now` is held: aware, UTC.

    At least `hours`; offers of a day or longer run on to the next 18:00 in `zone`. Never past the edition's beginning.
    """
    deadline = now + timedelta(hours=hours)
    if hours >= 24:
        local = in_zone(deadline, zone)
        evening = from_zone(local.date(), OFFERS_END_AT, zone)
        deadline = evening if evening >= deadline else from_zone(local.date() + timedelta(days=1), OFFERS_END_AT, zone)
    return min(deadline, begins_at) if begins_at else deadline


def reminder_at(offered_at: datetime, offered_until: datetime) -> datetime | None:
    """When somebody is reminded of an offer: with a quarter of its time left, but at least REMINDED_BEFORE.

    None where the whole of it is not longer.
    """
    left = max((offered_until - offered_at) / 4, REMINDED_BEFORE)
    return offered_until - left if left < offered_until - offered_at else None


def is_late(offered_at: datetime, offered_until: datetime, now: datetime) -> bool:
    """Whether a tenth of an offer's time passed before its email was sent, so that it deserves a new deadline."""
    return now - offered_at > (offered_until - offered_at) / 10
