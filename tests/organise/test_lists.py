"""A page of a list on which nothing is left never says that the list is empty."""

from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from dofc_events.conference.queries import edition_by_year
from tests.support.factories import find_doubles, make_registration
from tests.support.hosting import YEAR, make_call

pytestmark = pytest.mark.databases("sqlite")

ANA: dict[str, Any] = {"given_name": "Ana", "family_name": "Kovač", "country": "RS", "organisation": "Zelena Energija"}


@pytest.fixture
def filled(writing, year):
    """An edition with two people who may be one, what they were written, and a call for hosts."""
    with writing() as session:
        edition = edition_by_year(session, year)
        people = [make_registration(session, edition, **ANA) for _ in range(2)]
        find_doubles(session, [one.id for one in people])
        make_call(session)


@pytest.mark.parametrize(
    ("address", "narrowed"),
    [
        ("editions/{year}/registrations", {}),
        ("editions/{year}/registrations", {"country": "RS", "sort": "newest"}),
        ("editions/{year}/mail", {}),
        ("editions/{year}/mail", {"state": "kept"}),
        ("mail", {"q": "dofc"}),
        ("editions/{year}/audit", {"act": "registered"}),
        ("editions/{year}/doubles", {}),
        ("editions/{year}/letters", {}),
        ("editions/{year}/check-in", {"letter": "k"}),
        ("editions/{year}/check-in/list", {}),
        ("hosting/calls/{call}/trail", {}),
        ("accounts", {"q": "dofc"}),
        ("accounts/trail", {}),
    ],
)
def test_page_on_which_nothing_is_left_leads_to_the_first_with_its_filters(filled, enter, year, address, narrowed):
    path = f"/organise/{address.format(year=year, call=YEAR)}"
    page = enter("chair").get(f"{path}?{urlencode(narrowed | {'after': '0'})}")
    assert page.one(".empty").get_text(" ", strip=True) == "There is nothing more on this page. Go to the first page"
    first = urlsplit(page.link("Go to the first page"))
    assert (first.path, dict(parse_qsl(first.query))) == (path, narrowed)
    assert "There is nothing more" not in page.follow("Go to the first page").text
