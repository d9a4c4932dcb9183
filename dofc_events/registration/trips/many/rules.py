"""What organisers do by hand with people of a learning trip, and why it cannot be done for somebody."""

import enum


class Aim(enum.StrEnum):
    """What becomes of them: a seat on a trip, a wait for it, or nothing more."""

    SEAT = "seat"
    WAIT = "wait"
    OFF = "off"


class Obstacle(enum.StrEnum):
    """Why that cannot be done for somebody."""

    NO_PLACE = "no_place"
    HAS_SEAT = "has_seat"
    ON_LIST = "on_list"
    OVERLAP = "overlap"
