"""Pure decisions about an edition: whether registration is open, what a deadline means."""

import enum
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from dofc_events.core.clock import end_of_day, from_zone


class EditionStatus(enum.StrEnum):
    DRAFT = "draft"
    PUBLISHED = "published"
    ARCHIVED = "archived"


class TripMode(enum.StrEnum):
    """How the seats of an edition's learning trips are given."""

    FIRST_COME = "first-come"
    DRAW = "draw"


class CategoryState(enum.StrEnum):
    """Whether a category is open for registration. One that is `removed` has only cancelled registrations left."""

    OPEN = "open"
    CLOSED = "closed"
    REMOVED = "removed"


class Fault(enum.StrEnum):
    """What can be wrong with an edition's settings, taken together."""

    LAST_DAY_BEFORE_FIRST = "last_day_before_first"
    ENDS_BEFORE_IT_BEGINS = "ends_before_it_begins"
    CLOSES_BEFORE_IT_OPENS = "closes_before_it_opens"
    CLOSES_AFTER_THE_END = "closes_after_the_end"
    FREEZES_AFTER_THE_END = "freezes_after_the_end"
    HOLDS_WITHOUT_OFFERS = "holds_without_offers"


class Effect(enum.StrEnum):
    """A possible consequence of an act, besides what it says."""

    IN_THE_PAST = "in_the_past"
    IN_ANOTHER_YEAR = "in_another_year"
    LASTS_LONG = "lasts_long"
    ANOTHER_CLOCK = "another_clock"
    FAR_FROM_THE_EDITION = "far_from_the_edition"
    WITHOUT_SEATS = "without_seats"
    AFTER_A_TRIP_BEGINS = "after_a_trip_begins"
    HAS_DELEGATES = "has_delegates"
    LIST_IS_CLOSED = "list_is_closed"
    OFFERS_END = "offers_end"
    PROMISED_FOR_LONGER = "promised_for_longer"
    OFFERED = "offered"
    CONFIRMED = "confirmed"
    OPTION_GIVEN = "option_given"
    SEATS_GIVEN_ANOTHER_WAY = "seats_given_another_way"
    MORE_THAN_MEMBERS = "more_than_members"


@dataclass(frozen=True)
class Consequence:
    """One effect of an act: for how many people, members, years or days, and `about` which field, trip or country."""

    effect: Effect
    number: int = 0
    about: str = ""


def moving_up(number: int, offer_hours: float) -> Consequence:
    """This many people waiting are offered what becomes free or, where no offers are made, get it."""
    return Consequence(Effect.OFFERED if offer_hours > 0 else Effect.CONFIRMED, number)


class Window(enum.StrEnum):
    """Whether an edition's registration is open. It follows from the dates alone."""

    NOT_YET = "not_yet"
    OPEN = "open"
    CLOSED = "closed"


def registration_window(
    status: EditionStatus, opens_at: datetime | None, closes_at: datetime | None, now: datetime
) -> Window:
    """Whether registration for an edition is open at `now`. The window includes its opening, not its close.

    Statuses are compared by value, because a column gives plain text.
    """
    if status == EditionStatus.ARCHIVED or (closes_at and now >= closes_at):
        return Window.CLOSED
    if status == EditionStatus.DRAFT or opens_at is None or closes_at is None or now < opens_at:
        return Window.NOT_YET
    return Window.OPEN


def over_at(ends_on: date | None, ends_at: time | None, zone: str) -> datetime | None:
    """The aware UTC moment at which an edition is over: its time on its last day, without one the end of that day.

    None while its last day is not known.
    """
    if ends_on is None:
        return None
    return from_zone(ends_on, ends_at, zone) if ends_at else end_of_day(ends_on, zone)


def parse_deadline(text: str, zone: str, *, closing: bool) -> datetime:
    """An ISO 8601 date or time as an aware UTC moment; without an offset it is meant in `zone`.

    A bare date opens at its beginning and closes at its end. Raises ValueError for anything else.
    """
    try:
        day = date.fromisoformat(text)
    except ValueError:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else from_zone(moment.date(), moment.time(), zone)
    return end_of_day(day, zone) if closing else from_zone(day, time(0), zone)


def days_to_same_weekday(day: date, years: int) -> int:
    """How many days to go from `day` to the same weekday nearest to its calendar date `years` years on.

    Always whole weeks. The 29th of February counts as the 1st of March where there is none.
    """
    try:
        anniversary = day.replace(year=day.year + years)
    except ValueError:
        anniversary = date(day.year + years, 3, 1)
    return round((anniversary - day).days / 7) * 7


def distance_to(day: date | None, years: int) -> timedelta:
    """How many days to move all dates by, so that `day` falls on the same weekday `years` later. It need not be known.

    All dates move by the distance of the first day, so that registration closes as long before it as it did.
    """
    return timedelta(days=days_to_same_weekday(day, years)) if day else timedelta(0)


def days_away(day: date, first: date | None, last: date | None) -> int:
    """How many days before the first or after the last day of an edition a day is; 0 for those in between.

    0 also while its days are not set.
    """
    if first is None:
        return 0
    return max((first - day).days, (day - (last or first)).days, 0)
