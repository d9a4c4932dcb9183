"""What is due within two weeks, what comes first, and when organisers are told."""

import enum
from collections.abc import Mapping
from datetime import datetime, time, timedelta

from dofc_events.core.clock import from_zone, in_zone

# How far ahead organisers are told of deadlines.
AHEAD = timedelta(days=14)
# The hour of digests, in the zone of the edition.
MORNING = time(8)
# Whoever wants to know at once is told within so long.
AT_ONCE_WITHIN = timedelta(minutes=10)


class Often(enum.StrEnum):
    """How often somebody is told what needs attention."""

    DAILY = "daily"
    WEEKLY = "weekly"
    AT_ONCE = "at_once"
    NEVER = "never"


class Rank(enum.IntEnum):
    """What comes first. A STATE may last for weeks, and nothing is to be done: nobody is told of it alone."""

    TROUBLE = 0
    TASK = 1
    DEADLINE = 2
    NEWS = 3
    STATE = 4


class Matter(enum.StrEnum):
    """What a line is about, beside deadlines and calls for hosts."""

    DEAD_MAIL = "dead_mail"
    LATE_MAIL = "late_mail"
    NEW = "new"
    CANCELLED = "cancelled"
    DOUBLES = "doubles"
    OBJECTIONS = "objections"
    OFFERED = "offered"
    WAITLISTED = "waitlisted"
    REQUESTED = "requested"
    DRAW_DUE = "draw_due"
    UNDER_MINIMUM = "under_minimum"
    NEARLY_FULL = "nearly_full"
    SEATS_OFFERED = "seats_offered"
    SEATS_WAITLISTED = "seats_waitlisted"


RANKS = {
    Matter.DEAD_MAIL: Rank.TROUBLE,
    Matter.LATE_MAIL: Rank.TROUBLE,
    Matter.NEW: Rank.NEWS,
    Matter.CANCELLED: Rank.NEWS,
    Matter.OFFERED: Rank.STATE,
    Matter.WAITLISTED: Rank.STATE,
    Matter.NEARLY_FULL: Rank.STATE,
    Matter.SEATS_OFFERED: Rank.STATE,
    Matter.SEATS_WAITLISTED: Rank.STATE,
}


def rank_of(matter: object) -> Rank:
    """How soon somebody should look at a line about this."""
    if isinstance(matter, Deadline):
        return Rank.DEADLINE
    return RANKS.get(matter, Rank.TASK) if isinstance(matter, Matter) else Rank.TASK


def is_due(often: Often, looked_at: datetime, now: datetime, zone: str) -> bool:
    """Whether it is time to look for what needs attention: on a morning in `zone`, a Monday's, or again soon."""
    if often is Often.NEVER:
        return False
    if often is Often.AT_ONCE:
        return now >= looked_at + AT_ONCE_WITHIN
    day = in_zone(now, zone).date()
    if often is Often.WEEKLY:
        day -= timedelta(days=day.weekday())
    return looked_at < from_zone(day, MORNING, zone) <= now


class Deadline(enum.StrEnum):
    """What happens at a set time. Of two at the same moment only the first in this order is worth a line."""

    REGISTRATION_OPENS = "registration_opens"
    REGISTRATION_CLOSES = "registration_closes"
    EDITION_BEGINS = "edition_begins"
    DETAILS_FREEZE = "details_freeze"
    SIGN_UP_OPENS = "sign_up_opens"
    SIGN_UP_CLOSES = "sign_up_closes"


def coming_deadlines(dates: Mapping[Deadline, datetime | None], now: datetime) -> list[tuple[Deadline, datetime]]:
    """What happens within AHEAD of `now`, soonest first."""
    first: dict[datetime, Deadline] = {}
    for deadline in Deadline:
        moment = dates.get(deadline)
        if moment and now < moment <= now + AHEAD:
            first.setdefault(moment, deadline)
    return [(deadline, moment) for moment, deadline in sorted(first.items())]
