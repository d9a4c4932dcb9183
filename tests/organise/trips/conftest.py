"""What the tests of organisers' pages about learning trips share."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from dofc_events.conference.queries import edition_by_year
from dofc_events.core.audit import AuditEntry
from dofc_events.delegates.models import Registration
from dofc_events.mail.models import Message
from dofc_events.registration.trips import service as seats
from dofc_events.trips.queries import trip_by_slug, trips_of
from tests.support.factories import DELEGATE, NOW, make_edition, make_registration, make_trip

ACTS = ("confirmed", "offered", "waitlisted", "requested")


# The second day of the edition, on which `make_trip` puts trips: 09:30 to 13:30 in Sofia.
LATER = timedelta(hours=5)


@pytest.fixture
def year(writing) -> int:
    """The year of an edition with places for everyone, whose freed seats are offered."""
    with writing() as session:
        return make_edition(session, capacity=60).year


@pytest.fixture
def add_trip(writing, year):
    """`add_trip("steel", capacity=2, later=True)`: a trip, in the afternoon if `later`."""

    def add_trip(slug: str, *, later: bool = False, **changes) -> None:
        with writing() as session:
            trip = make_trip(session, edition_by_year(session, year), slug, title=f"The {slug} trip", **changes)
            if later:
                trip.starts_at, trip.ends_at = trip.starts_at + LATER, trip.ends_at + LATER

    return add_trip


@pytest.fixture
def register(writing, year):
    """`register("steel", "wine", given_name="Ana")`: the reference of somebody who asked for these trips."""

    def register(*slugs: str, **changes) -> str:
        with writing() as session:
            person = make_registration(session, edition_by_year(session, year), **changes)
            if slugs:
                seats.choose_trips(session, person.id, slugs, any_trip=False, actor=DELEGATE, now=NOW)
            return person.reference

    return register


@pytest.fixture
def seats_of(reading, year):
    """`seats_of(reference)`: the statuses of somebody's live claims by slug."""

    def seats_of(reference: str) -> dict[str, str]:
        with reading() as session:
            person = session.scalars(select(Registration).where(Registration.reference == reference)).one()
            standings = trips_of(session, person.edition_id, person.id)
            return {standing.trip.slug: standing.status for standing in standings if standing.is_live}

    return seats_of


@pytest.fixture
def trip_now(reading, year):
    """`trip_now("steel")`: a trip and its pool as they are in the database."""

    def trip_now(slug: str):
        with reading() as session:
            return trip_by_slug(session, edition_by_year(session, year).id, slug)

    return trip_now


@pytest.fixture
def change_edition(writing, year):
    def change_edition(**columns) -> None:
        with writing() as session:
            edition = edition_by_year(session, year)
            for name, value in columns.items():
                setattr(edition, name, value)

    return change_edition


@pytest.fixture
def page(organiser, year):
    """`page("/new")`: an organiser's page about trips."""
    return lambda path="": organiser.get(f"/organise/editions/{year}/trips{path}")


@pytest.fixture
def trail(reading):
    """`trail(act)`: the details of everything of that kind that was done."""

    def trail(act: str) -> list[dict]:
        with reading() as session:
            return list(
                session.scalars(select(AuditEntry.details).where(AuditEntry.act == act).order_by(AuditEntry.id))
            )

    return trail


@pytest.fixture
def kinds(reading):
    """`kinds(reference)`: the kinds of all messages to somebody, oldest first."""

    def kinds(reference: str) -> list[str]:
        with reading() as session:
            return list(session.scalars(select(Message.kind).where(Message.about == reference).order_by(Message.id)))

    return kinds


def problems(page) -> list[str]:
    return [item.get_text(" ", strip=True) for item in page.all(".error-summary li")]


# Of the page of a trip's people, the form that adds somebody.
ADD = "form.form-narrow"


def add(page, person: str, reason: str = "Speaks there"):
    return page("/steel/people").form(ADD).fill(person=person, reason=reason).submit()


def change(page, person: str, to: str, reason: str = "Changed their mind"):
    return page(f"/steel/people/selected?pick={person}").form().fill(to=to, reason=reason).submit()
