"""Pure decisions about places: statuses, deadlines of offers, what "full" means."""

import enum
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from dofc_events.core.clock import from_zone, in_zone

# Offers of a day or longer end at this hour in the edition's zone, so that a deadline is a time people know.
OFFERS_END_AT = time(18, 0)

# The least time left when somebody is reminded of an offer.
REMINDED_BEFORE = timedelta(hours=2)

# What an organiser may set.
MAX_PLACES = 100_000
MAX_COMPANIONS = 9
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


@dataclass(frozen=True)
class Waiting:
    """Somebody in line: they count in a category, may have a place of a promise, or go with a party."""

    claim_id: int
    category_id: int
    party: int | None = None
    promise_id: int | None = None


def moving_up(
    line: Iterable[Waiting], free: int, limits: Mapping[int, int], promises: Mapping[int, int]
) -> list[tuple[int, int | None]]:
    """Who of a line gets a place, in its order: the claim, and the promise that the place is of, if it is.

    `free` is how many places anybody may have, `limits` how many there are left of categories that have one, `promises`
    of promises. Nobody of a party gets one unless all do: they are looked at where the first of them stands. Who cannot
    get one stands in nobody's way.
    """
    left, limit, promised = free, Counter(dict(limits)), Counter(dict(promises))
    found: list[tuple[int, int | None]] = []
    for unit in _units(line):
        common, by_limit, by_promise, given = 0, Counter[int](), Counter[int](), []
        for one in unit:
            of = one.promise_id
            if of is not None and promised[of] > by_promise[of]:
                by_promise[of] += 1
            else:
                common, of = common + 1, None
            by_limit[one.category_id] += one.category_id in limits
            given.append((one.claim_id, of))
        if common <= left and all(number <= limit[id_] for id_, number in by_limit.items()):
            left, found = left - common, found + given
            limit.subtract(by_limit)
            promised.subtract(by_promise)
    return found


def _units(line: Iterable[Waiting]) -> Iterable[Sequence[Waiting]]:
    """A line with each party in one place, that of its first."""
    units: dict[tuple[bool, int], list[Waiting]] = {}
    for one in line:
        units.setdefault((one.party is None, one.claim_id if one.party is None else one.party), []).append(one)
    return units.values()


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
