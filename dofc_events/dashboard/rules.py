"""Pure decisions of the organisers' pages: which links are hidden, what needs attention."""

import enum
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, datetime, timedelta
from html import unescape
from itertools import accumulate
from typing import Any

from dofc_events.places.rules import ClaimStatus

# The part of an address that acts for a person, after the path of each page that takes one.
_SECRET = re.compile(r"(/(?:registrations|sign-in|hosting/vote|hosting/proposals)/)[^/\s\"'<>?#&\\)\]]+")
_LINK = re.compile(r"""\s(?:href|xlink:href|action|formaction)\s*=\s*("[^"]*"|'[^']*'|[^\s>]+)""", re.IGNORECASE)

HIDDEN = "…"

# How far ahead organisers are told of what is coming.
AHEAD = timedelta(days=14)
DAY = 24 * 3600


class Deadline(enum.StrEnum):
    """What happens at a set time. Of two at the same moment only the first in this order is worth a line."""

    REGISTRATION_OPENS = "registration_opens"
    REGISTRATION_CLOSES = "registration_closes"
    EDITION_BEGINS = "edition_begins"
    DETAILS_FREEZE = "details_freeze"
    SIGN_UP_OPENS = "sign_up_opens"
    SIGN_UP_CLOSES = "sign_up_closes"


def masked(text: str) -> str:
    """The text with the secret of every link that acts for a person replaced: nobody else may use it."""
    return _SECRET.sub(rf"\1{HIDDEN}", text)


def masked_details(details: Any) -> Any:
    """The same for everything that an entry of the trail says, however deep."""
    if isinstance(details, dict):
        return {name: masked_details(value) for name, value in details.items()}
    if isinstance(details, list):
        return [masked_details(value) for value in details]
    return masked(details) if isinstance(details, str) else details


def masked_html(html: str) -> str:
    """The same as `masked` for HTML, in which such a link also no longer leads anywhere."""
    return masked(_LINK.sub(_without_secret, html))


def coming_deadlines(dates: Mapping[Deadline, datetime | None], now: datetime) -> list[tuple[Deadline, datetime]]:
    """What happens within AHEAD of `now`, soonest first."""
    first: dict[datetime, Deadline] = {}
    for deadline in Deadline:
        moment = dates.get(deadline)
        if moment and now < moment <= now + AHEAD:
            first.setdefault(moment, deadline)
    return [(deadline, moment) for moment, deadline in sorted(first.items())]


def is_moment(text: str) -> bool:
    """Whether a text is a moment in ISO 8601 with its offset, away from the ends of the calendar."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return False
    return moment.tzinfo is not None and MINYEAR < moment.year < MAXYEAR


def still_needed(minimum: int, counts: Mapping[ClaimStatus, int], collects_wishes: bool) -> int:
    """How many more it takes for a trip to run; wishes count as long as they are collected for a draw."""
    coming = [ClaimStatus.CONFIRMED, *([ClaimStatus.REQUESTED] if collects_wishes else [])]
    return max(0, minimum - sum(counts[status] for status in coming))


def is_nearly_full(capacity: int, taken: int) -> bool:
    """Whether seats are left, but no more than a tenth."""
    return 0 < (capacity - taken) * 10 <= capacity


def days_between(opened_at: datetime, moment: datetime) -> int:
    """In which span of 24 hours since an opening a moment lies: 0 is the first, and all that was before it."""
    return max(0, int((moment - opened_at).total_seconds()) // DAY)


def growth(per_day: Mapping[int, int], last_day: int) -> tuple[int, ...]:
    """How many there were at the end of each day from 0 to `last_day`."""
    return tuple(accumulate(per_day.get(day, 0) for day in range(last_day + 1)))


def weeks(length: int) -> list[int]:
    """Every seventh day of so many, and the last: the rows of a table that says what a line of days shows."""
    return sorted({*range(0, length, 7), length - 1}) if length else []


def _without_secret(attribute: re.Match[str]) -> str:
    return "" if _SECRET.search(unescape(attribute[1])) else attribute[0]


@dataclass(frozen=True)
class Need:
    """What so many people say they need, in the words of most of them."""

    text: str
    people: int


def grouped(said: Iterable[tuple[str, int]]) -> list[Need]:
    """Answers, each with the number of people who gave it, as one need wherever they differ in case alone.

    What most people need comes first. Blank answers are nobody's need.
    """
    spellings: dict[str, list[Need]] = {}
    for text, people in said:
        if text.strip():
            spellings.setdefault(text.strip().casefold(), []).append(Need(text.strip(), people))
    needs = [
        Need(max(alike, key=lambda need: (need.people, need.text)).text, sum(need.people for need in alike))
        for alike in spellings.values()
    ]
    return sorted(needs, key=lambda need: (-need.people, need.text.casefold()))
