"""On each page it is marked which part of the site it belongs to, and which part of its edition."""

from typing import Any

import pytest
import time_machine

from tests import rights
from tests.support.factories import NOW
from tests.support.tree import Element, parsed

pytestmark = pytest.mark.databases("sqlite")

OF_EDITION = "/organise/editions/<year:year>/"
# By what follows the edition in an address; all else is the overview's.
PARTS = {
    **dict.fromkeys(("registrations", "doubles", "import", "lists"), "Registrations"),
    "questions": "Questions",
    "groups": "Groups",
    "memory": "Memory",
    "privacy": "Privacy",
    "trips": "Learning trips",
    "check-in": "Door",
    "letters": "Letters",
    "mail": "Emails",
    "settings": "Settings",
    "team": "Team",
    "audit": "Audit",
}
OVERVIEW = {"", "archive", "copy", "delete", "hand-over", "publish", "take-out", "waiting-list", "year"}


def marked(page: Element, navigation: str) -> list[tuple[str, str]]:
    """What is marked there as the page one is on, or as what it belongs to."""
    return [(a.get_text(strip=True), a["aria-current"]) for a in page.select(f"{navigation} a[aria-current]")]


def test_every_organisers_page_is_marked_in_both_navigations(app):
    with time_machine.travel(NOW, tick=False):
        values, browsers = rights.make_world(app)
        walked, wrong = 0, list[tuple[Any, ...]]()
        for rule in app.url_map.iter_rules():
            if "GET" not in rule.methods or not rule.rule.startswith("/organise/"):
                continue
            address = rights.address_of(rule, values, rights.CHAIR)
            answer = browsers[rights.CHAIR].get(address)
            page = parsed(answer.get_data(as_text=True) if answer.mimetype == "text/html" else "")
            answer.close()
            if not page.select("main#main") or answer.status_code != 200:
                continue
            walked += 1
            at = "page" if rule.rule == "/organise/" else "true"
            if marked(page, ".site-header") != [("Organise", at)]:
                wrong.append((rule.rule, marked(page, ".site-header")))
            if rule.rule.startswith(OF_EDITION):
                part = rule.rule.removeprefix(OF_EDITION).partition("/")[0].partition(".")[0]
                assert part in PARTS or part in OVERVIEW, f"say here which part of an edition {rule.rule} belongs to"
                own = page.select_one(f".subnav a[href='{address.split('?')[0]}']")
                expected = [(PARTS.get(part, "Overview"), "page" if own else "true")]
                if marked(page, ".subnav") != expected:
                    wrong.append((rule.rule, marked(page, ".subnav"), expected))
    assert wrong == [] and walked > 80


def test_public_pages_are_marked_as_parts_of_what_they_belong_to(client, edition):
    for address, expected in (
        ("/editions/", [("Editions", "page")]),
        (f"/editions/{edition.year}/", [("Editions", "true")]),
        (f"/editions/{edition.year}/register", [("Editions", "true")]),
        ("/hosting/", [("Hosting", "page")]),
        ("/", []),
    ):
        assert marked(client.get(address).tree, ".site-header") == expected, address
