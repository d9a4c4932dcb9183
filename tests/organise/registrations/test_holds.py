"""A place that is held until its email is confirmed has words of its own wherever organisers look."""

from typing import Any

import pytest
from sqlalchemy import update

from dofc_events.conference.models import Edition
from dofc_events.conference.queries import edition_by_year
from tests.support.factories import find_doubles, make_registration, make_trip
from tests.support.sheets import dicts, read_csv

pytestmark = pytest.mark.databases("sqlite")

HELD = "Place held, not confirmed yet"


@pytest.fixture
def held(writing, year) -> str:
    """Somebody who has not confirmed, has asked for a trip, and is there twice."""
    with writing() as session:
        session.execute(update(Edition).where(Edition.year == year).values(confirms_places=True))
        edition = edition_by_year(session, year)
        make_trip(session, edition, "mill", title="The mill")
        ana: dict[str, Any] = {"given_name": "Ana", "family_name": "Kovač", "trips": ("mill",)}
        people = [make_registration(session, edition, **ana) for _ in range(2)]
        find_doubles(session, [person.id for person in people])
        return people[0].reference


@pytest.mark.parametrize(
    "path",
    [
        "registrations",
        "registrations/{held}",
        "registrations/{held}/edit",
        "registrations/{held}/address",
        "doubles",
        "trips/mill/people",
        "check-in?q=kov",
    ],
)
def test_what_is_held_is_never_called_offered(organiser, year, held, path):
    page = organiser.get(f"/organise/editions/{year}/{path.format(held=held)}")
    badges = [one.get_text() for one in page.all(".state-offered")]
    assert badges and set(badges) == {HELD}


def test_files_say_held(organiser, year, held):
    rows = dicts(read_csv(organiser.get(f"/organise/editions/{year}/registrations.csv").data))
    assert {row["status"] for row in rows} == {"held"}


def test_the_filter_says_that_it_finds_both(organiser, year, held):
    page = organiser.get(f"/organise/editions/{year}/registrations?status=offered")
    assert "Place offered or held (2)" in page.one("#status").get_text()
    assert page.one("[data-total]")["data-total"] == "2"
