"""People at the door, and what its page shows."""

import pytest

from dofc_events.conference.queries import edition_by_year
from dofc_events.registration.service import cancel_registration
from tests.support.factories import DELEGATE, NOW, claim_of, make_edition, make_registration

DOOR = "/organise/editions/2027/check-in"


@pytest.fixture
def year(writing) -> int:
    with writing() as session:
        make_edition(session, year=2027, capacity=3)
    return 2027


@pytest.fixture
def desk(enter, edition):
    return enter("desk", edition)


@pytest.fixture
def join(writing, year):
    """`join("Kovač, Ana")`: the reference of somebody who registered; three get a place, the others wait."""

    def join(name: str = "Kovač, Ana", **changes) -> str:
        family_name, _, given_name = name.rpartition(", ")
        with writing() as session:
            edition = edition_by_year(session, year)
            return make_registration(
                session, edition, family_name=family_name, given_name=given_name, **changes
            ).reference

    return join


@pytest.fixture
def change_edition(writing, year):
    def change(**columns) -> None:
        with writing() as session:
            for name, value in columns.items():
                setattr(edition_by_year(session, year), name, value)

    return change


@pytest.fixture
def room(writing, year):
    """Places for everyone that a test brings."""
    with writing() as session:
        edition = edition_by_year(session, year)
        person = make_registration(session, edition)
        claim_of(session, person).pool.capacity = 5000
        cancel_registration(session, person.id, DELEGATE, NOW)


def shown(page, which="") -> list[str]:
    return [row["data-registration"] for row in page.all(f"[data-registration]{which}")]


def names(page) -> list[str]:
    return [tag.get_text() for tag in page.all(".door h2")]


def counts(page) -> tuple[str, str]:
    mark = page.one("[data-arrived-count]")
    return mark["data-arrived-count"], mark["data-expected-count"]


def find(browser, words: str):
    return browser.get(DOOR).form(".door-search").fill(q=words).submit()


def press(page, reference: str, **options):
    return page.form("[method=post][action*=check-in]").submit(reference, **options)
