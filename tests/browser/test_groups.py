"""A secretary registers five colleagues on a phone, without JavaScript being needed for any of it."""

import pytest
from playwright.sync_api import expect

from dofc_events.core.clock import now
from tests.support.browser import PHONE
from tests.support.factories import make_edition, make_question, make_trip

COLLEAGUES = ("Ana", "Boro", "Ceca", "Dana", "Ema")


@pytest.mark.databases("sqlite")
def test_a_secretary_registers_five_colleagues_for_three_places(browser, live_server, database_url, writing):
    with writing() as session:
        edition = make_edition(session, now=now(), capacity=3)
        make_question(session, edition, "room", options=("Single", "Double"), places={"single": 2})
        make_question(session, edition, "flight", "text", shown_when="room", shown_for=("single",))
        make_trip(session, edition, "wine", title="Wine")
        year = edition.year
    site = live_server(database_url)
    tab = browser.open(site.url, PHONE)
    page = tab.goto(f"/editions/{year}/register")
    page.get_by_role("link", name="Register several people").click()
    page.get_by_label("Your name").fill("Vera Ilić")
    page.get_by_label("Your email address").fill("office@dofc.test")
    for number, name in enumerate(COLLEAGUES):
        person = page.locator("fieldset.person").nth(number)
        person.get_by_label("Given name").fill(name)
        if number == 0:
            person.get_by_label("Organisation", exact=True).fill("Trakya Cluster")
            person.get_by_role("combobox", name="Country").fill("Türkiye")
            person.get_by_label("Attending as").select_option("Company")
        if number < len(COLLEAGUES) - 1:
            page.get_by_role("button", name="Add another person").click()
            expect(page.locator("fieldset.person")).to_have_count(number + 2)
    first, second = (page.locator("fieldset.person").nth(number) for number in (0, 1))
    for person in (first, second):
        person.get_by_text("A few more questions (optional)").click()
        expect(person.get_by_label("Flight?")).to_be_hidden()
    second.get_by_label("Single (2 left)").check()
    expect(second.get_by_label("Flight?")).to_be_visible()
    expect(first.get_by_label("Flight?")).to_be_hidden()
    second.get_by_text("Learning trips (optional)").click()
    second.get_by_label("Wine").check()
    tab.accessible_on_both()
    page.get_by_label("Each of these people has agreed").check()
    page.get_by_role("button", name="Check").last.click()
    expect(page.get_by_text("Learning trips: Wine")).to_be_visible()
    expect(page.locator("[data-asked]")).to_have_attribute("data-now", "3")
    tab.accessible_on_both()
    page.get_by_label("3 now, and 2 on the waiting list").check()
    page.get_by_role("button", name="Register 5 people").click()
    members = page.locator("[data-member]")
    expect(members).to_have_count(5)
    statuses = [member.get_attribute("data-status") for member in members.all()]
    assert statuses == ["confirmed"] * 3 + ["waitlisted"] * 2
    tab.accessible_on_both()
