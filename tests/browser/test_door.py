"""The door in a real browser: two volunteers, each with a phone."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect
from sqlalchemy import func, select

from dofc_events.accounts.queries import account_by_email
from dofc_events.commands.check import faults
from dofc_events.conference.queries import edition_by_year
from dofc_events.core.clock import now
from dofc_events.delegates.models import Registration
from dofc_events.places.models import Claim
from dofc_events.registration.arrivals.service import note_arrival
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
            make_account(session, f"{name}@dofc.test", role, edition=edition, name=name.title(), now=now())
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
    expect(ana.page.locator(".door-in")).to_contain_text("by Ana")
    expect(ana.page.locator("[data-arrived-count]")).to_have_attribute("data-arrived-count", "1")
    # The next name can be typed immediately.
    expect(ana.page.get_by_role("searchbox")).to_be_focused()
    expect(ana.page.get_by_role("searchbox")).to_have_value("")
    if javascript:
        ana.accessible()

    # The other volunteer's page is older than that.
    bo.page.get_by_role("button", name="Arrived: Vuk Đorđević", exact=True).click()
    expect(bo.page.locator(".door-in")).to_contain_text("by Ana")
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


def _arrives(page, name: str, number: int) -> None:
    """One of a queue: some letters of the name, and a tap; the next name can be typed at once."""
    page.keyboard.type(name.split()[-1][:4])
    page.keyboard.press("Enter")
    page.get_by_role("button", name=f"Arrived: {name}", exact=True).click()
    expect(page.locator("[data-arrived-count]")).to_have_attribute("data-arrived-count", str(number))
    expect(page.get_by_role("searchbox")).to_be_focused()


@pytest.mark.databases("sqlite")
def test_a_morning_at_the_door_adds_up(browser, live_server, database_url, enter, edition, writing, reading):
    """Thirty arrive, two of them found by name on the phone, two come without a registration, and one is undone."""
    with writing() as session:
        edition_by_year(session, edition.year).registers_at_door = True
        people = session.scalars(select(Registration).where(Registration.ended_at.is_(None)).limit(30)).all()
        by_hand, others = [one.full_name for one in people[:2]], [one.id for one in people[2:]]
        for one in others:
            note_arrival(session, one, DELEGATE, now())
    site = live_server(database_url)
    tab = browser.open(site.url, PHONE)
    enter(tab, "ana")
    page = tab.goto(DOOR)
    for number, name in enumerate(by_hand, start=29):
        _arrives(page, name, number)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("[data-arrived-count]")).to_have_attribute("data-arrived-count", "29")
    for number, given_name in enumerate(("Jovan", "Vesna"), start=30):
        page.get_by_role("link", name="Register somebody new").click()
        typed = {
            "given_name": given_name,
            "email": f"{given_name}@dofc.test",
            "organisation": "Niš",
            "country": "Serbia",
        }
        for name, words in typed.items():
            page.locator(f"main [id={name}]").fill(words)
        page.keyboard.press("Tab")
        page.locator("select[name=category]").select_option("guest")
        page.locator("input[name=consent]").check()
        page.locator("main form [type=submit]").last.click()
        expect(page.locator("[data-arrived-count]")).to_have_attribute("data-arrived-count", str(number))
    tab.check()
    with reading() as session:
        assert session.scalar(select(func.count()).where(Claim.used_at.is_not(None))) == 31
        assert faults(session) == []
