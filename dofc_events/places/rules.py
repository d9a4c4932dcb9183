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
    """The status of a claim. `requested` means that nothing has been given yet; such a claim has a position.

    Seats are requested for a draw, or by somebody without a place at the edition. Places are requested in a category
    that needs the organisers' approval.
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
    """A claim on the waiting list, with its category and, if any, its party and its promise."""

    claim_id: int
    category_id: int
    party: int | None = None
    promise_id: int | None = None


def moving_up(
    line: Iterable[Waiting], free: int, limits: Mapping[int, int], promises: Mapping[int, int]
) -> list[tuple[int, int | None]]:
    """The claims of a waiting list that get a place, in order, each with the promise that has it for them, or None.

    `free` is how many places are free for anybody; `limits` is how many categories with a limit have left, and
    `promises` how many promises have left, by id. The people of a party get their places together or not at all, in the
    turn of the first of them. Whoever cannot get a place does not hold up the others.
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
    """The waiting list, with each party as one unit, in the place of its first member."""
    units: dict[tuple[bool, int], list[Waiting]] = {}
    for one in line:
        units.setdefault((one.party is None, one.claim_id if one.party is None else one.party), []).append(one)
    return units.values()


class Availability(enum.StrEnum):
    PLACES = "places"
    FEW = "few"
    WAITING_LIST = "waiting_list"


def free_for_anybody(free: int, categories: Iterable[int | None]) -> int:
    """How many of the `free` places somebody who registers now could have, in any category that is open to them.

    `categories` gives how many places each of these has left; None for one without a limit.
    """
    left = list(categories)
    return min(free, sum(max(0, one) for one in left if one is not None)) if left and None not in left else free


def availability(free: int) -> Availability:
    """What somebody who registers now can expect. Nobody waits while a place is free, so a free place is theirs."""
    if free <= 0:
        return Availability.WAITING_LIST
    return Availability.FEW if free <= FEW_PLACES else Availability.PLACES


def offer_deadline(now: datetime, hours: float, zone: str, begins_at: datetime | None) -> datetime:
    """The aware UTC moment until which a place offered at `now` is held.

    It is at least `hours` later; offers of a day or longer run on to the next 18:00 in `zone`. It is never after
    `begins_at`.
    """
    deadline = now + timedelta(hours=hours)
    if hours >= 24:
        local = in_zone(deadline, zone)
        evening = from_zone(local.date(), OFFERS_END_AT, zone)
        deadline = evening if evening >= deadline else from_zone(local.date() + timedelta(days=1), OFFERS_END_AT, zone)
    return min(deadline, begins_at) if begins_at else deadline


def reminder_at(offered_at: datetime, offered_until: datetime) -> datetime | None:
    """When to remind somebody of an offer: when a quarter of its time is left, but at least REMINDED_BEFORE.

    None for an offer that is shorter than that.
    """
    left = max((offered_until - offered_at) / 4, REMINDED_BEFORE)
    return offered_until - left if left < offered_until - offered_at else None


def is_late(offered_at: datetime, offered_until: datetime, now: datetime) -> bool:
    """Whether an email left so late (after a tenth of the offer's time) that the offer deserves a new deadline."""
    return now - offered_at > (offered_until - offered_at) / 10
