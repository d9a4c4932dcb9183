"""Why a delegate's seat on a learning trip is not what it was."""

import enum


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


# Two trips at most may be named alike by their place in an address: these words are pages of their own.
RESERVED_SLUGS = frozenset(("new", "sign-up", "draw", "order"))
MOST_SEATS = 100_000
