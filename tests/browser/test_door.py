"""The door in a real browser: two volunteers, each with a phone."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from dofc_events.accounts.queries import account_by_email
from dofc_events.core.clock import now
from dofc_events.registration.service import cancel_registration
from tests.support.browser import DESKTOP, PHONE, CheckedPage
from tests.support.factories import DELEGATE, make_account, make_edition, make_registration, make_trip

DOOR = "/organise/editions/2027/check-in"
NAMES = ("Đorđević, Vuk", "Petrović, Ana", "Popescu, Ioana", "Παπαδόπουλος, Νίκος", "Жикић, Ана", "Öztürk, Łucja")


@pytest.fixture
def edition(writing):
    with writing() as session:
        edition = make_edition(session, now=now(), year=2027, capacity=60)
        make_trip(session, edition, "cellars", title="Wine cellars of Negotin")
        for name, role in (("ana", "desk"), ("bo", "desk"), ("organiser", "organiser")):
            make_account(session, f"{name}@dofc.test", role, edition=edition, now=now())
        trips: dict = {"trips": ("cellars",)}
        for number in range(40):
            family_name, given_name = NAMES[number % len(NAMES)].split(", ")
            person = make_registration(
                session,
                edition,
                now=now() - timedelta(days=1),
                family_name=family_name + "abcdefghij"[number // len(NAMES)] * (number // len(NAMES)),
                given_name=given_name,
                badge_name="Vule" if number == 0 else "",
                **(trips if number < 6 else {}),
            )
        cancel_registration(session, person.id, DELEGATE, now())
    return edition


@pytest.fixture
def enter(sign_in, reading):
    """`enter(tab, "ana")`: open the organisers' pages, signed in."""

    def enter(tab: CheckedPage, name: str) -> None:
        with reading() as session:
            account = account_by_email(session, f"{name}@dofc.test")
        tab.sign_in(sign_in(account))
        tab.goto("/organise/")

    return enter


@pytest.mark.databases("sqlite")
@pytest.mark.usefixtures("edition")
@pytest.mark.parametrize("javascript", [True, False], ids=["with a script", "without"])
def test_two_volunteers_let_people_in_on_their_phones(browser, live_server, database_url, enter, javascript):
    site = live_server(database_url, workers=2)
    ana, bo = (browser.open(site.url, PHONE, javascript=javascript) for _ in range(2))
    for tab, name in ((ana, "ana"), (bo, "bo")):
        enter(tab, name)
        tab.page.get_by_role("link", name="Go to the door").click()
        expect(tab.page.get_by_role("searchbox")).to_be_focused()
        tab.page.keyboard.type("do")
        tab.page.keyboard.press("Enter")
        expect(tab.page.locator(".door h2").first).to_have_text("Đorđević, Vuk")
    if javascript:
        ana.accessible()

    ana.page.get_by_role("button", name="Arrived: Vuk Đorđević", exact=True).click()
    expect(ana.page.locator(".door li")).to_have_count(1)
    expect(ana.page.locator(".door-in")).to_contain_text("by ana@dofc.test")
    expect(ana.page.locator("[data-arrived-count]")).to_have_attribute("data-arrived-count", "1")
    # The next name can be typed immediately.
    expect(ana.page.get_by_role("searchbox")).to_be_focused()
    expect(ana.page.get_by_role("searchbox")).to_have_value("")
    if javascript:
        ana.accessible()

    # The other volunteer's page is older than that.
    bo.page.get_by_role("button", name="Arrived: Vuk Đorđević", exact=True).click()
    expect(bo.page.locator(".door-in")).to_contain_text("by ana@dofc.test")
    expect(bo.page.locator("[data-arrived-count]")).to_have_attribute("data-arrived-count", "1")
    bo.page.get_by_role("button", name="Undo").click()
    expect(bo.page.locator("[data-arrived-count]")).to_have_attribute("data-arrived-count", "0")
    expect(bo.page.locator(".door-in")).to_have_count(0)

    bo.page.get_by_role("link", name="Ж", exact=True).click()
    expect(bo.page.locator(".door h2").first).to_have_text("Жикић, Ана")
    bo.check()


@pytest.mark.databases("sqlite")
@pytest.mark.usefixtures("edition")
def test_organisers_see_door_list_and_trail(browser, live_server, database_url, enter):
    site = live_server(database_url)
    tab = browser.open(site.url, PHONE)
    enter(tab, "organiser")
    for path in (DOOR, "/organise/editions/2027/audit", f"{DOOR}/list"):
        tab.goto(path)
        tab.accessible_on_both()
    tab.page.emulate_media(media="print")
    for size in (DESKTOP, PHONE):
        tab.resize(size)
        head = tab.page.evaluate("getComputedStyle(document.querySelector('thead')).display")
        assert head == "table-header-group", "a head is repeated on each sheet"
        box = tab.page.locator(".tick span").first.bounding_box()
        assert box["width"] > 12 and box["height"] > 12, "there is something to tick"
