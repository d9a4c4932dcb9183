"""Learning trips in a real browser, on a phone: first come, first served, and drawn."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from dofc_events.accounts.queries import account_by_email
from dofc_events.core.clock import now
from tests.support.browser import PHONE
from tests.support.factories import make_account, make_edition, make_registration, make_trip


@pytest.fixture
def edition(writing):
    """Bridges and Cellars at the same time, Docks later with one seat, which Ana has."""
    with writing() as session:
        edition = make_edition(session, now=now(), year=2027, capacity=20)
        make_account(session, "organiser@dofc.test", "organiser", edition=edition, now=now())
        for slug in ("bridges", "cellars"):
            make_trip(session, edition, slug, capacity=1, title=slug.title())
        starts_at = edition.begins_at() + timedelta(hours=30)
        ends_at = starts_at + timedelta(hours=4)
        make_trip(session, edition, "docks", capacity=1, title="Docks", starts_at=starts_at, ends_at=ends_at)
        make_registration(session, edition, now=now(), given_name="Ana", trips=("docks",))
    return edition


def fill(page) -> None:
    page.get_by_label("Given name", exact=False).fill("Łucja")
    page.get_by_label("Email address").fill("lucja@example.org")
    page.get_by_label("Organisation", exact=True).fill("Trakya Cluster")
    page.get_by_role("combobox", name=re.compile("Country of your organisation")).fill("Kosovo")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.get_by_label("I am attending as").select_option("Company")
    page.get_by_label("I agree").check()


def expect_seats(page, **seats: str) -> None:
    for slug, status in seats.items():
        expect(page.locator(f"[data-trip={slug}]")).to_have_attribute("data-trip-status", status)


@pytest.mark.databases("sqlite")
def test_a_delegate_takes_trips_first_come_on_a_phone(browser, live_server, database_url, edition):
    site = live_server(database_url)
    tab = browser.open(site.url, PHONE)
    page = tab.goto("/editions/2027/register")
    fill(page)
    page.get_by_label("Bridges").check()
    page.get_by_label("Cellars").check()
    page.get_by_label("Docks").check()
    tab.accessible()
    tab.expected_statuses = {422}
    page.get_by_role("button", name="Register").click()
    expect(page.locator("[data-error-summary]")).to_contain_text("take place at the same time")
    tab.accessible()
    page.get_by_label("Cellars").uncheck()
    page.get_by_role("button", name="Register").click()
    expect_seats(page, bridges="confirmed", cellars="none", docks="waitlisted")
    tab.accessible()

    page.get_by_role("link", name="Change trips").click()
    tab.accessible()
    page.locator("[data-trip=bridges]").get_by_text("More about this trip").click()
    expect(page.get_by_text("In front of the venue").first).to_be_visible()
    page.get_by_label("Bridges").uncheck()
    page.get_by_label("Cellars").check()
    page.get_by_role("button", name="Save").click()
    expect_seats(page, bridges="cancelled", cellars="confirmed", docks="waitlisted")

    site.flask("edition", "2027", "--trip", "docks", "--capacity", "2")
    page.reload()
    expect_seats(page, docks="offered")
    tab.accessible()
    page.get_by_role("button", name="Accept the seat").click()
    expect_seats(page, bridges="cancelled", cellars="confirmed", docks="confirmed")
    assert site.flask("check").strip() == "Everything adds up."


@pytest.mark.databases("sqlite")
def test_a_delegate_ranks_wishes_on_a_phone_and_the_organiser_draws(
    browser, live_server, database_url, edition, writing, sign_in
):
    site = live_server(database_url)
    site.flask("edition", "2027", "--trip-mode", "draw")
    tab = browser.open(site.url, PHONE)
    page = tab.goto("/editions/2027/register")
    fill(page)
    page.get_by_label("Cellars").select_option("1st choice")
    page.get_by_label("Docks").select_option("1st choice")
    tab.expected_statuses = {422}
    page.get_by_role("button", name="Register").click()
    expect(page.locator("[data-error-summary]")).to_contain_text("the same number")
    page.get_by_label("Docks").select_option("2nd choice")
    page.get_by_label("Any other trip is fine").check()
    tab.accessible()
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="How the draw works").click()
    expect(opened.value.get_by_role("main")).to_contain_text("seed")
    opened.value.close()
    page.get_by_role("button", name="Register").click()
    expect_seats(page, bridges="none", cellars="requested", docks="requested")
    tab.accessible()
    own = page.url

    with writing() as session:
        session.get_one(type(edition), edition.id).trips_close_at = now()
        organiser = account_by_email(session, "organiser@dofc.test")
    office = browser.open(site.url, PHONE)
    office.sign_in(sign_in(organiser))
    desk = office.goto("/organise/editions/2027/trips/draw")
    expect(desk.get_by_role("main")).to_contain_text("Łucja")
    office.accessible()
    desk.get_by_role("button", name="Publish").click()
    office.accessible()

    page.goto(own)
    expect_seats(page, bridges="none", cellars="confirmed", docks="cancelled")
    page.goto(f"{site.url}/editions/2027/draw")
    tab.accessible()
    assert site.flask("check").strip() == "Everything adds up."
