"""An organiser's first evening: from an edition that nobody has made yet to open registration and the first letter."""

from datetime import timedelta

import pytest
from playwright.sync_api import Locator, expect

from dofc_events.core.audit import COMMAND
from dofc_events.core.clock import now
from dofc_events.memory.history.service import load_history
from tests.journeys.test_delegate import text_of
from tests.support.browser import DESKTOP, PHONE, CheckedPage
from tests.support.factories import make_account


@pytest.fixture
def site(live_server, smtp, database_url, writing):
    with writing() as session:
        load_history(session, COMMAND, now())
        make_account(session, "chair@dofc.test", "chair", now=now())
    return live_server(database_url, smtp)


# A page, and the kinds of elements on it.
KINDS = """() => [...new Set([document.title, ...[...document.querySelectorAll('body *')]
  .map(e => [e.tagName, e.getAttribute('class'), e.type, e.getAttribute('role')].join())])]"""


class Evening:
    """A phone's tab in which every page that is shown is looked at, also as a desk would show it, and by axe-core.

    It looks again at the same page if that shows any kind of element that it has not seen yet.
    """

    def __init__(self, tab: CheckedPage) -> None:
        self.tab, self.page = tab, tab.page
        self._seen: set[str] = set()

    def follow(self, link: str) -> None:
        found = self.page.get_by_role("link", name=link, exact=True).first
        if not found.is_visible():
            # On a phone the pages of an edition are in a menu.
            self.page.locator(".subnav summary").click()
        self._click(found)

    def press(self, button: str) -> None:
        self._click(self.page.get_by_role("main").get_by_role("button", name=button, exact=True))

    def fill(self, **fields: str) -> None:
        for name, value in fields.items():
            field = self.page.locator(f"main [name={name}]")
            tag = field.evaluate("field => field.tagName + field.type")
            if tag.startswith("SELECT"):
                field.select_option(value)
            else:
                field.fill(value)

    def _click(self, where: Locator) -> None:
        self.tab.resize(DESKTOP)
        # Nothing is in its way there, as on the phone that clicks.
        where.click(trial=True)
        self.tab.resize(PHONE)
        where.click()
        self._look()

    def _look(self) -> None:
        self.tab.check()
        if not self._seen.issuperset(kinds := self.page.evaluate(KINDS)):
            self._seen.update(kinds)
            self.tab.accessible_on_both()


@pytest.mark.databases("sqlite")
def test_an_organiser_goes_from_nothing_to_open_registration(site, smtp, browser):
    today, year = now().date(), now().year + 1
    first_day = today + timedelta(days=120)
    tab = browser.open(site.url, PHONE)
    evening = Evening(tab)
    tab.goto(site.flask("accounts", "sign-in-link", "chair@dofc.test").strip())
    evening.press("Sign in as chair@dofc.test")
    evening.follow("New edition")
    evening.fill(year=str(year), city="Niš", country="RS", zone="Europe/Belgrade", capacity="2")
    evening.press("Create the draft")

    evening.follow("Settings")
    evening.follow("Place and dates")
    evening.fill(
        starts_on=first_day.isoformat(),
        ends_on=(first_day + timedelta(days=1)).isoformat(),
        starts_at="09:00",
        ends_at="17:00",
        registration_opens_at=f"{today - timedelta(days=1)}T09:00",
        registration_closes_at=f"{first_day - timedelta(days=10)}T18:00",
    )
    evening.press("Save the settings")
    evening.follow("Settings")
    evening.follow("Contact")
    evening.fill(contact_name="The organisers", contact_email="organisers@dofc.test")
    evening.press("Save the settings")
    evening.follow("Settings")
    evening.follow("Categories of delegates")
    evening.page.locator("[name=categories-0-label]").fill("Cluster manager")
    evening.press("Save the settings")

    evening.follow("Learning trips")
    evening.follow("New trip")
    evening.fill(title="Mills of the Nišava", day=first_day.isoformat(), starts="13:00", ends="16:00", capacity="1")
    evening.press("Add the trip")

    evening.follow("Team")
    evening.fill(email="vuk@dofc.test", name="Vuk", role="desk", last_day=first_day.isoformat())
    evening.press("Add and tell them")
    expect(evening.page.get_by_role("main")).to_contain_text("vuk@dofc.test")

    evening.follow("Overview")
    evening.follow("Publish")
    evening.press("Publish")

    delegate = browser.open(site.url, PHONE)
    delegate.goto(f"/editions/{year}/register")
    form = Evening(delegate)
    form.fill(given_name="Łucja", family_name="Đorđević", email="lucja@dofc.test", organisation="Agro Klaster")
    form.fill(country="PL", category="Cluster manager")
    delegate.page.get_by_label("Mills of the Nišava").check()
    delegate.page.locator("[name=consent]").check()
    form.press("Register")
    expect(delegate.page.locator("[data-registration-status]")).to_have_attribute(
        "data-registration-status", "confirmed"
    )

    tab.goto("/sign-out")
    evening.press("Sign out")
    tab.goto(site.flask("accounts", "sign-in-link", "chair@dofc.test").strip())
    evening.press("Sign in as chair@dofc.test")
    evening.follow("1 registration")
    expect(evening.page.locator("[data-total]")).to_have_attribute("data-total", "1")
    evening.follow("Łucja Đorđević")
    evening.fill(note="Brings a poster.")
    evening.press("Save the note")

    evening.follow("Letters")
    evening.follow("To everybody with a place, an offer, or on the waiting list")
    evening.fill(subject="Welcome to {city}", body="Dear {given_name},\n\nsee you in **{city}**: {own_page}")
    evening.press("Keep as a draft")
    evening.follow("Send…")
    evening.press("Send to 1 person")
    site.flask("worker", "--once")
    letter = smtp.messages_to("lucja@dofc.test")[-1]
    assert letter["Subject"] == "Welcome to Niš" and "Dear Łucja," in text_of(letter)
    assert {message["X-DofC-Kind"] for message in smtp.messages} == {
        "registration-confirmed",
        "announcement",
        "team-invitation",
        "new-browser",
    }
    tab.goto(f"/organise/editions/{year}/letters")
