"""What is due within two weeks."""

import enum
from collections.abc import Mapping
from datetime import datetime, timedelta

# How far ahead organisers are told of deadlines.
AHEAD = timedelta(days=14)


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
