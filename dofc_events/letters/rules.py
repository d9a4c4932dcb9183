"""Pure decisions about letters: when one is sent, what can be filled in, where it stands."""

import enum
import re
from collections.abc import Collection, Mapping
from datetime import date, datetime, time, timedelta

from dofc_events.core.clock import from_zone, in_zone
from dofc_events.questions.rules import FIELD

# At this hour in the edition's zone, unless another one was chosen.
SENT_AT = time(9)
LONGEST_SUBJECT = 200
LONGEST_BODY = 20_000
MAX_DAYS = 365
# What many mail servers let through, as it grows by a third on its way.
MAX_ATTACHED = 5 * 1024 * 1024

# What stands in braces is filled in for each delegate.
PLACEHOLDERS = (
    "given_name",
    "full_name",
    "organisation",
    "category",
    "reference",
    "place",
    "trips",
    "own_page",
    "edition",
    "dates",
    "city",
    "venue",
    "closes",
)
LINK = "own_page"

# The answer to one of the edition's own questions, by the name of its field.
OWN = re.compile(FIELD + r"[a-z0-9_-]+")

_IN_BRACES = re.compile(r"\{([^{}\n]*)\}")


class Anchor(enum.StrEnum):
    """The date of an edition that a letter's time follows; AT_ONCE follows none, ON_DAY has a day of its own."""

    AT_ONCE = ""
    BEGINS = "begins"
    ENDS = "ends"
    CLOSES = "registration_closes"
    ON_DAY = "on_day"


class LetterState(enum.StrEnum):
    DRAFT = "draft"
    SCHEDULED = "scheduled"
    GOING = "going"
    WRITTEN = "written"
    STOPPED = "stopped"
    DROPPED = "dropped"


# In these states nobody has been written to, and the text and the time can still be changed.
EDITABLE = (LetterState.DRAFT, LetterState.SCHEDULED)


def is_reminder(anchor: Anchor, days: int) -> bool:
    """Whether a letter is written ahead of something: it is of no use to anybody afterwards."""
    return anchor in (Anchor.BEGINS, Anchor.CLOSES) and days < 0


def due_at(day: date | None, days: int, hour: time, zone: str) -> datetime | None:
    """When a letter is sent: `days` after (negative: before) a day, at `hour` in `zone`; None without a day."""
    return None if day is None else from_zone(day + timedelta(days=days), hour, zone)


def last_day(moment: datetime | None, zone: str) -> date | None:
    """The day on which something ends, as people say it: what ends at midnight ends on the day before."""
    return None if moment is None else (in_zone(moment, zone) - timedelta(microseconds=1)).date()


def unknown_placeholders(text: str, own: Collection[str] = ()) -> list[str]:
    """What stands in braces and is none of PLACEHOLDERS or an edition's `own` questions, in the order of the text."""
    return [name for name in dict.fromkeys(_IN_BRACES.findall(text)) if name not in PLACEHOLDERS and name not in own]


def misplaced_placeholders(text: str) -> list[str]:
    """Placeholders that stand in the address of a link; none but LINK is one, and it is a whole one."""
    addresses = (address.strip() for line in text.split("\n") for address in _addresses_of_links(line))
    found = [name for address in addresses if address != f"{{{LINK}}}" for name in _IN_BRACES.findall(address)]
    return list(dict.fromkeys(found))


def _addresses_of_links(line: str) -> list[str]:
    # By an expression, each beginning would look for its end through all that follows.
    return [rest.partition(")")[0] for rest in line.rpartition(")")[0].split("](")[1:]]


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with its placeholders filled in, once: what a value says in braces stays as it is.

    A question that was not answered leaves nothing.
    """
    return _IN_BRACES.sub(lambda found: values.get(found[1], "" if OWN.fullmatch(found[1]) else found[0]), text)
