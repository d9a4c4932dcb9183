"""What the tests beside this file share."""

import pytest

from dofc_events.conference.queries import edition_by_year
from dofc_events.places.queries import edition_pool
from tests.support.factories import make_edition


@pytest.fixture
def now_is(reading, year):
    """`now_is(year)`: the edition and its pool as they are in the database."""

    def now_is(which: int = year):
        with reading() as session:
            edition = edition_by_year(session, which)
            return edition, edition_pool(session, edition.id)

    return now_is


def settings(browser, year, part: str):
    """A part of the settings, as it stands."""
    return browser.get(f"/organise/editions/{year}/settings/{part}")


@pytest.fixture
def draft(writing) -> int:
    with writing() as session:
        return make_edition(session, year=2031, status="draft").year
