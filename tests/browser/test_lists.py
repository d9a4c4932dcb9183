"""Organisers' lists in a real browser: how much of them is seen at a glance, and how quick they are with a script."""

import re

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import func, select, update

from benchmarks.crowd import add_crowd
from dofc_events.accounts.queries import account_by_email
from dofc_events.commands.demo import load_demo
from dofc_events.conference.queries import edition_by_year
from dofc_events.core.clock import in_zone, now
from dofc_events.delegates.models import Registration
from dofc_events.mail.models import WorkerSign
from dofc_events.places.models import Arrival, Claim
from dofc_events.places.rules import ClaimStatus
from dofc_events.registration.queries import place_at
from dofc_events.trips.queries import trip_pools
from tests.support.browser import CheckedPage
from tests.support.factories import find_doubles

PEOPLE = 340
DESK, HAND = (1280, 900), (390, 844)
# How many rows at least are seen as a whole on the first screen, at a desk and on a phone.
FIRST_SCREEN = {
    "registrations": (".rows tbody tr", 12, 6),
    "mail": (".rows tbody tr", 14, 7),
    "audit": (".rows tbody tr", 14, 7),
    "check-in": (".door > li", 8, 6),
    "trips/{trip}/people": (".rows tbody tr", 12, 7),
    "doubles": ("[data-double]", 2, 1),
}
SEEN = """rows => rows.map(row => row.getBoundingClientRect())
  .filter(box => box.height && box.top >= 0 && box.bottom <= innerHeight).length"""
# The parts of addresses, before the @ and after, that stand on more than one line each.
BROKEN = """parts => parts.filter(part => part.getClientRects().length > 1).map(part => part.textContent)"""


@pytest.fixture
def tab(live_server, database_url, writing, browser, sign_in) -> CheckedPage:
    """The chair's, at a site with demonstration data of so many people, some of whom are there, and a worker."""
    moment = now()
    with writing() as session:
        load_demo(session, moment)
        edition = edition_by_year(session, moment.year + 1)
        assert edition is not None
        there = session.scalar(select(func.count()).where(Registration.edition_id == edition.id))
        trips = [trip for trip, _pool in trip_pools(session, edition.id)]
        add_crowd(session, edition, PEOPLE - there, moment, trips)
        expected = select(Claim).where(place_at(edition.id), Claim.status == ClaimStatus.CONFIRMED, Claim.id % 2 == 0)
        for claim in session.scalars(expected).all():
            claim.used_at = moment
            session.add(Arrival(claim_id=claim.id, day=in_zone(moment, edition.zone).date(), at=moment))
        session.execute(update(Registration).where(Registration.id % 3 == 0).values(compared=False))
        find_doubles(session, session.scalars(select(Registration.id)).all())
        session.add(WorkerSign(name="worker", seen_at=moment))
        chair = account_by_email(session, "chair@demo.example")
    site = live_server(database_url)
    tab = browser.open(site.url, DESK)
    tab.sign_in(sign_in(chair))
    tab.home, tab.trip = f"/organise/editions/{edition.year}", trips[0].slug
    return tab


@pytest.mark.databases("sqlite")
def test_lists_are_read_at_a_glance_and_worked_through_by_keyboard(tab):
    for path, (rows, *numbers) in FIRST_SCREEN.items():
        page = tab.goto(f"{tab.home}/{path.format(trip=tab.trip)}")
        for size, number in zip((DESK, HAND), numbers, strict=True):
            tab.resize(size)
            seen = page.locator(rows).evaluate_all(SEEN)
            assert seen >= number, f"{path}: {seen} of {number} rows at {size[0]} px"
            assert page.locator(".address span").evaluate_all(BROKEN) == [], path
        tab.accessible()
    tab.resize(DESK)
    page = tab.goto(f"{tab.home}/registrations")
    tab.accessible()
    _filters_apply_at_once(page)
    tab.goto(f"{tab.home}/registrations?sort=name")
    _picks_are_counted_and_kept(page)
    tab.goto(f"{tab.home}/registrations?sort=name")
    _keys_lead_through(page)
    tab.check()


def _filters_apply_at_once(page: Page) -> None:
    page.get_by_text("Filters", exact=True).click()
    page.get_by_label("Have dietary needs").check()
    expect(page.locator(".filters-set")).to_contain_text("Have dietary needs")
    # One goes on where one was.
    expect(page.get_by_label("Have dietary needs")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_label("Have dietary needs")).not_to_be_visible()
    page.locator("#status").select_option("waitlisted")
    expect(page.locator("[data-total]")).to_contain_text("By status")


def _picks_are_counted_and_kept(page: Page) -> None:
    bar = page.locator(".picked")
    expect(bar).to_be_hidden()
    page.locator(".pick").nth(1).click()
    page.locator(".pick").nth(4).click(modifiers=["Shift"])
    expect(bar).to_contain_text("4 selected")
    page.get_by_role("link", name="Next →").click()
    expect(page.get_by_text(f"51–100 of {PEOPLE}")).to_be_visible()
    page.locator(".pick").nth(0).click()
    expect(bar).to_contain_text("5 selected")
    page.get_by_role("button", name="Select page").click()
    expect(bar).to_contain_text("54 selected")
    page.get_by_role("button", name="Select page").click()
    expect(bar).to_contain_text("4 selected")
    page.get_by_label("With those selected").select_option("tag")
    page.get_by_role("button", name="Continue").click()
    expect(page.locator("h1")).to_have_text("Add a tag to 4 people")
    page.get_by_role("main").get_by_label("Tag").fill("speaker")
    page.get_by_role("button", name="Add a tag").click()
    expect(page.locator(".notice-success")).to_contain_text("4 people have the tag")
    # What is done is done: nobody is left selected.
    expect(bar).to_be_hidden()
    page.get_by_role("button", name=f"all {PEOPLE}").click()
    page.get_by_role("button", name="Write to them").click()
    expect(page.locator("h1")).to_have_text(re.compile("letter", re.IGNORECASE))


def _keys_lead_through(page: Page) -> None:
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("j")
    second = page.locator("tbody th a").nth(1)
    expect(second).to_be_focused()
    name = second.inner_text()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text(name)
    page.keyboard.press("j")
    expect(page.locator("h1")).not_to_have_text(name)
    page.keyboard.press("k")
    expect(page.locator("h1")).to_have_text(name)
    page.locator(".eyebrow a").click()
    expect(page.locator("h1")).to_have_text("Registrations")
    page.wait_for_load_state("load")
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("jk")
    expect(page.get_by_role("searchbox")).to_have_value("jk")
    # Single letters can be turned off.
    page.get_by_role("searchbox").fill("")
    page.get_by_role("button", name=re.compile("Turn these keys off")).click()
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).not_to_be_focused()
    page.get_by_role("button", name=re.compile("Turn the keys on")).click()
