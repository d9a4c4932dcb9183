"""The organiser's evening: six frequent tasks in a real Chromium, in clicks and in seconds of the machine.

A key that sends a form, a choice of a select, a tick and a click are a click each; what is typed is not counted. The
seconds are those of a machine that never looks: pages loaded and work done, on both sides of the line.
"""

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Locator, Page, ViewportSize, expect, sync_playwright

from benchmarks.crowd import CHAIR, add_crowd
from dofc_events.accounts.rules import RoleName
from dofc_events.app import create_app
from dofc_events.core.clock import now
from dofc_events.core.db import unit_of_work
from dofc_events.delegates.models import Registration
from dofc_events.registration.arrivals.service import note_arrival
from tests.browser_setup import HOW_TO_GET_ONE, find_chromium
from tests.support.databases import Databases, close_connections, settings_for
from tests.support.factories import DELEGATE, make_account, make_edition, make_question, make_trip
from tests.support.site import Site

PEOPLE, PLACES = 340, 250
DESK: ViewportSize = {"width": 1280, "height": 900}


@dataclass
class Hand:
    """What an organiser does on a page, counted."""

    page: Page
    clicks: int = field(default=0)

    def click(self, what: Locator, *, shift: bool = False) -> None:
        self.clicks += 1
        what.click(modifiers=["Shift"] if shift else None)

    def tick(self, label: str) -> None:
        self.clicks += 1
        self.page.get_by_label(label).check()

    def choose(self, what: Locator, value: str) -> None:
        self.clicks += 1
        what.select_option(value)

    def type(self, what: Locator, words: str, *, send: bool = False) -> None:
        what.fill(words)
        if send:
            self.clicks += 1
            what.press("Enter")

    def link(self, name: str) -> None:
        self.click(self.page.get_by_role("link", name=name, exact=True).first)

    def button(self, name: str) -> None:
        self.click(self.page.get_by_role("button", name=name).first)


def evening_tasks(databases: Databases, folder: Path) -> Iterator[tuple[str, int, float]]:
    """Each task: its name, its clicks, and how long it took."""
    program = find_chromium()
    assert program, HOW_TO_GET_ONE
    with databases.fresh("sqlite") as url:
        year, somebody = _make_edition(url, folder)
        site = Site(url, folder)
        try:
            site.serve()
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
                page = browser.new_context(viewport=DESK, locale="en-GB").new_page()
                page.goto(site.flask("accounts", "sign-in-link", CHAIR).strip())
                page.get_by_role("button", name="Sign in").click()
                for name, task in TASKS.items():
                    # Each begins where an organiser begins: on the edition's first page.
                    page.goto(f"{site.url}/organise/editions/{year}/")
                    hand, began = Hand(page), time.perf_counter()
                    task(hand, somebody)
                    yield name, hand.clicks, time.perf_counter() - began
                browser.close()
        finally:
            site.stop()


def _make_edition(url: str, folder: Path) -> tuple[int, str]:
    app = create_app(settings_for(url, folder / "instance"))
    with app.app_context():
        with unit_of_work() as session:
            edition = make_edition(session, now=now(), capacity=PLACES)
            make_question(session, edition, "hotel", options=("Single", "Double"))
            full, wide = make_trip(session, edition, capacity=40), make_trip(session, edition, capacity=PEOPLE)
            full.title, wide.title = "Wine cellars of Negotin", "Steel and wind"
            add_crowd(session, edition, PEOPLE, now(), [full, wide])
            make_account(session, CHAIR, role=RoleName.CHAIR)
            found = session.query(Registration).filter(Registration.ended_at.is_(None)).first()
            assert found is not None
            note_arrival(session, found.id, DELEGATE, now())
            year, name = edition.year, found.full_name
        close_connections()
    return year, name


def _find(hand: Hand, somebody: str) -> None:
    hand.link("Registrations")
    hand.type(hand.page.get_by_role("searchbox"), somebody, send=True)
    hand.click(hand.page.locator("tbody th a").first)
    expect(hand.page.locator("h1")).to_have_text(somebody)


def _write_to_the_waiting_list(hand: Hand, _somebody: str) -> None:
    hand.link("Registrations")
    hand.choose(hand.page.locator("#status"), "waitlisted")
    hand.click(hand.page.get_by_role("button", name=re.compile(r"^all \d+")))
    hand.button("Write to them")
    hand.type(hand.page.get_by_label("Subject"), "Your place")
    hand.type(hand.page.get_by_label("Text", exact=True), "Dear {given_name}, we write again on Friday.")
    hand.button("Keep as a draft")
    hand.link("Send…")
    hand.click(hand.page.locator("main form button[type=submit]").first)
    expect(hand.page.locator(".notice-success")).to_be_visible()


def _move_ten(hand: Hand, _somebody: str) -> None:
    hand.link("Learning trips")
    hand.click(hand.page.get_by_role("link", name="People, Wine cellars of Negotin"))
    boxes = hand.page.locator("section[aria-labelledby=confirmed] .pick")
    hand.click(boxes.nth(0))
    hand.click(boxes.nth(9), shift=True)
    hand.button("Move or take off")
    expect(hand.page.locator("h1")).to_have_text("Move or take off 10 people")
    hand.click(hand.page.get_by_label(re.compile("Move to “Steel and wind”")))
    hand.type(hand.page.get_by_label("Reason"), "Two buses")
    hand.button("Save")
    expect(hand.page.locator(".notice-success")).to_contain_text("10 people have a seat on “Steel and wind”")


def _add_when_full(hand: Hand, _somebody: str) -> None:
    hand.link("Registrations")
    hand.link("Add somebody")
    typed = {"given_name": "Vesna", "email": "vesna@dofc.test", "organisation": "Niš Cluster", "country": "Serbia"}
    for name, words in typed.items():
        hand.type(hand.page.locator(f"main input[name={name}], main [id={name}]").last, words)
    hand.page.keyboard.press("Tab")
    hand.choose(hand.page.locator("select[name=category]"), "guest")
    hand.click(hand.page.locator("input[name=consent]"))
    hand.click(hand.page.locator("main form button[type=submit]").last)
    expect(hand.page.locator("h1")).to_contain_text("Vesna")


def _see_who_has_not_arrived(hand: Hand, _somebody: str) -> None:
    hand.link("Registrations")
    hand.click(hand.page.get_by_text("Filters", exact=True))
    hand.choose(hand.page.get_by_label("Arrival"), "no")
    expect(hand.page.locator(".filters-set")).to_contain_text("Have not arrived")


def _export_with_a_question(hand: Hand, _somebody: str) -> None:
    hand.link("Registrations")
    with hand.page.expect_download() as download:
        hand.click(hand.page.get_by_role("link", name="Excel", exact=True).first)
    assert download.value.suggested_filename.endswith(".xlsx")


TASKS: dict[str, Callable[[Hand, str], None]] = {
    "find and open somebody": _find,
    "write to the waiting list": _write_to_the_waiting_list,
    "move ten people between trips": _move_ten,
    "add somebody when full": _add_when_full,
    "see who has not arrived": _see_who_has_not_arrived,
    "export with an own question": _export_with_a_question,
}
