"""The people of a list of registrations: its filters, and the people picked among them."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import BindParameter, ColumnElement, select
from sqlalchemy.orm import aliased

from dofc_events.conference.models import Category
from dofc_events.core.countries import countries_on
from dofc_events.delegates.models import Registration, Tag
from dofc_events.delegates.queries import came_before, found_by
from dofc_events.places.models import Arrival, Claim, Pool
from dofc_events.places.rules import LIVE, ClaimStatus
from dofc_events.questions.models import Answer
from dofc_events.questions.queries import gave_answer
from dofc_events.questions.rules import ANY, NONE, pairs_in
from dofc_events.trips.models import Trip

# Of the people whom an answer leaves, see `leading_answer`.
LEADING = aliased(Answer)

FLAGS = ("returning", "dietary", "visa_letter", "noted")
YES, NO = "yes", "no"


@dataclass(frozen=True)
class Filters:
    """What the list of registrations is narrowed to; empty text narrows nothing. `category` and `trip` are slugs.

    `trip`: people with a seat on it, on its waiting list, or with a wish for it. `since`: registered after this moment
    (ISO 8601 with an offset). `continent` and `language` are codes. FLAGS, unless empty: people who were at an earlier
    edition, wrote something about food, need a letter for a visa, or have a note by organisers. `arrived`: a day (ISO
    8601) on which people arrived; YES for any day; NO for people with a place who have not arrived. `answers` to the
    edition's own questions: as `pairs_in` reads them.
    """

    q: str = ""
    status: str = ""
    category: str = ""
    country: str = ""
    trip: str = ""
    since: str = ""
    continent: str = ""
    organisation: str = ""
    returning: str = ""
    dietary: str = ""
    visa_letter: str = ""
    language: str = ""
    tag: str = ""
    noted: str = ""
    arrived: str = ""
    answers: str = ""

    @property
    def since_at(self) -> datetime:
        """The moment that `since` means, where it is given."""
        return datetime.fromisoformat(self.since)


@dataclass(frozen=True)
class Audience:
    """Some registrations of an edition: all that the filters leave or, where references are given, those of them.

    With `until`, none that came after the registration with this id. What is for those given, who were `chosen_at` a
    moment, is not for those of them who have cancelled since.
    """

    filters: Filters = Filters()
    references: tuple[str, ...] = ()
    until: int | None = None
    chosen_at: datetime | None = None

    @property
    def may_be_few(self) -> bool:
        """Whether it may be much smaller than the list, and is found quickly.

        PostgreSQL finds what is searched for slowly while its figures of the words are old.
        """
        return not self.filters.q and (self.filters != Filters() or bool(self.references))


def place_at(edition_id: int | BindParameter[int]) -> ColumnElement[bool]:
    """The condition that a claim is one on the places at an edition; a registration also has claims on seats."""
    return Claim.pool_id == select(Pool.id).where(Pool.edition_id == edition_id).scalar_subquery()


def members_of(edition_id: int, audience: Audience) -> list[ColumnElement[bool]]:
    """What a registration, and its `Claim`, must be to belong to an audience."""
    found = conditions(edition_id, audience.filters)
    if audience.references:
        found.append(Registration.reference.in_(audience.references))
    if audience.until is not None:
        found.append(Registration.id <= audience.until)
    return found


def conditions(edition_id: int, filters: Filters) -> list[ColumnElement[bool]]:
    """What a registration must be to stand on the filtered list, and its `Claim`: the one on the place.

    The list, its counts and its exports all ask here, so that they cannot differ.
    """
    found = [Registration.edition_id == edition_id, place_at(edition_id), found_by(filters.q)]
    if filters.status:
        found.append(Claim.status == filters.status)
    if filters.category:
        of_slug = select(Category.id).where(Category.edition_id == edition_id, Category.slug == filters.category)
        found.append(Registration.category_id.in_(of_slug))
    if filters.country:
        found.append(Registration.country == filters.country)
    if filters.trip:
        on_it = select(Claim.registration_id).join(Pool, Pool.id == Claim.pool_id).join(Trip, Trip.id == Pool.trip_id)
        found.append(Registration.id.in_(on_it.where(Trip.slug == filters.trip, Claim.status.in_(LIVE))))
    if filters.since:
        found.append(Registration.registered_at > filters.since_at)
    if filters.continent:
        found.append(Registration.country.in_(countries_on(filters.continent)))
    if filters.organisation:
        found.append(Registration.organisation == filters.organisation)
    if filters.returning:
        found.append(came_before(edition_id))
    if filters.dietary:
        found.append(Registration.dietary != "")
    if filters.visa_letter:
        found.append(Registration.visa_letter.is_(True))
    if filters.language:
        found.append(Registration.language == filters.language)
    if filters.tag:
        found.append(Registration.id.in_(select(Tag.registration_id).where(Tag.word == filters.tag)))
    if filters.noted:
        found.append(Registration.note != "")
    if filters.arrived == NO:
        found += [Claim.status == ClaimStatus.CONFIRMED, Claim.used_at.is_(None)]
    elif filters.arrived == YES:
        found.append(Claim.used_at.is_not(None))
    elif filters.arrived:
        on_day = select(Arrival.claim_id).where(Arrival.day == date.fromisoformat(filters.arrived))
        found.append(Claim.id.in_(on_day))
    for key, answer in pairs_in(filters.answers):
        given = LEADING if (key, answer) == leading_answer(filters) else None
        found.append(gave_answer(Registration.id, edition_id, key, answer, given))
    return found


def leading_answer(filters: Filters) -> tuple[str, str] | None:
    """The answer whose index has those who gave it in the order in which they came, as LEADING; None if none has."""
    return next((pair for pair in pairs_in(filters.answers) if pair[1] not in (ANY, NONE)), None)
