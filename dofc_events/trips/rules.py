"""Why a delegate's seat on a learning trip has changed."""

import enum
from collections.abc import Mapping

from dofc_events.places.rules import ClaimStatus


class Reason(enum.StrEnum):
    ASKED = "asked"
    GIVEN_BACK = "given_back"
    MOVED_UP = "moved_up"
    ACCEPTED = "accepted"
    LAPSED = "lapsed"
    OVERLAP = "overlap"  # a seat on another trip at the same time was confirmed
    TIMES_CHANGED = "times_changed"  # the trip now takes place while the delegate is on another one
    TRIP_CHANGED = "trip_changed"
    TRIP_CANCELLED = "trip_cancelled"
    MODE_CHANGED = "mode_changed"
    DRAWN = "drawn"
    BY_HAND = "by_hand"
    NO_PLACE = "no_place"  # the registration was cancelled


# In place of the number among what a delegate asked for: organisers took it away, and it is not given again unasked.
TAKEN_OFF = 0

# Two trips at most may be named alike by their place in an address: these words are pages of their own.
RESERVED_SLUGS = frozenset(("new", "sign-up", "draw", "order"))
MAX_SEATS = 100_000


def still_needed(minimum: int, counts: Mapping[ClaimStatus, int], collects_wishes: bool) -> int:
    """How many more participants a trip needs in order to run; while wishes are collected for a draw, they count."""
    coming = [ClaimStatus.CONFIRMED, *([ClaimStatus.REQUESTED] if collects_wishes else [])]
    return max(0, minimum - sum(counts[status] for status in coming))


def is_nearly_full(capacity: int, taken: int) -> bool:
    """Whether seats are left, but no more than a tenth."""
    return 0 < (capacity - taken) * 10 <= capacity
