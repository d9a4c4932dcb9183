"""A delegate's story in a real browser: on a phone and at a desk, with and without JavaScript."""

import re
from dataclasses import replace

import pytest
from playwright.sync_api import expect

from dofc_events.conference.models import Edition
from dofc_events.conference.queries import edition_by_year
from dofc_events.core.clock import now
from dofc_events.delegates.models import Registration
from dofc_events.delegates.queries import token_of
from dofc_events.delegates.service import details_of
from dofc_events.registration.service import change_details
from tests.support.browser import PHONE, CheckedPage
from tests.support.factories import DELEGATE, make_edition, make_registration

FORM = "/editions/{}/register"


@pytest.fixture
def site(live_server, database_url, writing):
    with writing() as session:
        edition = make_edition(session, now=now(), capacity=2)
    site = live_server(database_url)
    site.form = FORM.format(edition.year)
    return site


def fill(tab: CheckedPage) -> None:
    page = tab.page
    page.get_by_label("Given name", exact=False).fill("Łucja")
    page.get_by_label("Email address").fill("lucja@example.org")
    page.get_by_label("Organisation", exact=True).fill("Trakya Cluster")
    page.get_by_label("I am attending as").select_option("Company")
    page.get_by_label("I agree").check()


@pytest.mark.databases("sqlite")
def test_a_delegate_registers_changes_and_cancels(browser, site):
    tab = browser.open(site.url, PHONE)
    page = tab.goto("/")
    tab.accessible_on_both()
    page.get_by_role("link", name="Register").first.click()
    tab.accessible_on_both()

    # An empty form: the summary takes the focus and leads to the field.
    tab.expected_statuses = {422}
    page.get_by_role("button", name="Register").click()
    expect(page.locator("[data-error-summary]")).to_be_focused()
    tab.accessible_on_both()
    page.locator("[data-error-summary] a[href='#country']").click()
    country = page.get_by_role("combobox", name=re.compile("Country of your organisation"))
    expect(country).to_be_focused()

    # Choosing the country using only the keyboard.
    page.keyboard.type("bosn")
    expect(page.locator("#country-list [role=option]")).to_have_count(1)
    tab.accessible_on_both()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(country).to_have_value("Bosnia & Herzegovina")
    fill(tab)
    email = page.get_by_label("Email address")
    email.fill("lucja@gmial.com")
    email.blur()
    tab.accessible_on_both()
    page.get_by_role("button", name="Did you mean lucja@gmail.com?").click()
    expect(email).to_have_value("lucja@gmail.com")
    email.fill("lucja@example.org")
    email.blur()
    expect(page.locator(".meant")).to_be_empty()
    page.get_by_role("button", name="Register").click()
    status = page.locator("[data-registration-status]")
    expect(status).to_have_attribute("data-registration-status", "confirmed")
    expect(page.get_by_role("main")).to_contain_text("Bosnia & Herzegovina")
    tab.accessible_on_both()
    own = page.url

    page.get_by_role("link", name="Change details").click()
    expect(page.get_by_role("combobox", name=re.compile("Country of your organisation"))).to_have_value(
        "Bosnia & Herzegovina"
    )
    tab.accessible_on_both()
    page.get_by_label("Job title").fill("Manager")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("Changes saved.")
    tab.accessible_on_both()
    for link in ("Hand over to a colleague", "Change it", "Cancel this registration"):
        page.get_by_role("link", name=link).click()
        tab.accessible_on_both()
        if link != "Cancel this registration":
            tab.goto(own)
    page.get_by_role("button", name="Cancel my registration").click()
    expect(status).to_have_attribute("data-registration-status", "cancelled")
    tab.accessible_on_both()


@pytest.mark.databases("sqlite")
def test_a_delegate_registers_without_javascript(browser, site):
    tab = browser.open(site.url, PHONE, javascript=False)
    page = tab.goto(site.form)
    page.get_by_label("Country of your organisation").select_option("Kosovo")
    fill(tab)
    page.get_by_role("button", name="Register").click()
    expect(page.locator("[data-registration-status]")).to_have_attribute("data-registration-status", "confirmed")
    expect(page.get_by_role("main")).to_contain_text("Kosovo")
    page.get_by_role("link", name="Cancel this registration").click()
    page.get_by_role("button", name="Cancel my registration").click()
    expect(page.locator("[data-registration-status]")).to_have_attribute("data-registration-status", "cancelled")


@pytest.mark.databases("sqlite")
def test_pages_around_the_story_are_accessible(browser, site):
    tab = browser.open(site.url, PHONE)
    for path in (
        "/editions/",
        site.form.replace("register", ""),
        site.form.replace("register", "lost-link"),
        "/sign-in",
    ):
        tab.goto(path)
        tab.accessible()
    tab.expected_statuses = {404}
    for path in ("/nowhere", "/registrations/nonsense/"):
        tab.goto(path)
        tab.accessible()


@pytest.mark.databases("sqlite")
def test_a_double_click_and_the_back_button_make_one_registration(browser, site):
    tab = browser.open(site.url)
    page = tab.goto(site.form)
    page.get_by_role("combobox", name=re.compile("Country of your organisation")).fill("Kosovo")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    fill(tab)
    page.get_by_role("button", name="Register").dblclick()
    expect(page.locator("[data-registration-status]")).to_be_visible()
    own = page.url
    page.go_back()
    expect(page.get_by_role("button", name="Register")).to_be_enabled()
    page.get_by_role("button", name="Register").click()
    page.wait_for_url(own)
    tab.check()
    assert site.flask_json("edition", site.form.split("/")[2], "--json")["taken"] == 1


@pytest.mark.databases("sqlite")
def test_the_back_button_puts_nothing_back_that_was_changed_meanwhile(browser, site, writing):
    """The browser fills in again what was typed; what the form was opened with has to come back with it."""
    tab = browser.open(site.url)
    with writing() as session:
        person = make_registration(session, edition_by_year(session, int(site.form.split("/")[2])), dietary="Vegan")
        own = f"/registrations/{token_of(person)}"
    page = tab.goto(f"{own}/edit")
    page.get_by_label("Job title").fill("Director")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("Changes saved.")
    with writing() as session:
        stored = details_of(session.get_one(Registration, person.id))
        change_details(session, person.id, replace(stored, job_title="Head of clusters"), DELEGATE, now())
    page.go_back()
    expect(page.get_by_label("Job title")).to_have_value("Director")
    page.get_by_label("Name on the badge").fill("Ana")
    tab.expected_statuses = {422}
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".versions dd")).to_have_text(["Head of clusters", "Director"])
    tab.accessible()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("main")).to_contain_text("Director")


@pytest.mark.databases("sqlite")
def test_each_visit_to_the_form_but_by_the_back_button_begins_a_new_one(browser, site):
    tab = browser.open(site.url)
    page = tab.goto(site.form)
    keys = [page.locator("[name=form_key]").input_value()]
    for visit in (page.reload, lambda: tab.goto(site.form), lambda: tab.goto("/"), page.go_back):
        visit()
        if page.url.endswith("register"):
            keys.append(page.locator("[name=form_key]").input_value())
    assert len(set(keys[:3])) == 3 and keys[3] == keys[2]


@pytest.mark.databases("sqlite")
def test_leaving_a_form_by_its_own_links_asks_before_text_is_lost(browser, site, writing):
    tab = browser.open(site.url)
    with writing() as session:
        person = make_registration(session, edition_by_year(session, int(site.form.split("/")[2])))
        edit = f"/registrations/{token_of(person)}/edit"
    page = tab.goto(edit)
    asked = []

    def stay(dialog):
        asked.append(dialog.type)
        dialog.dismiss()

    tab.on("dialog", stay)
    page.get_by_label("Dietary needs").fill("Carries an EpiPen")
    page.get_by_role("link", name="Go back without changes").click(no_wait_after=True)
    page.wait_for_timeout(500)
    assert asked == ["beforeunload"] and page.url.endswith("/edit")
    expect(page.get_by_label("Dietary needs")).to_have_value("Carries an EpiPen")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("main")).to_contain_text("Carries an EpiPen")
    # Where nothing was typed nobody is asked.
    tab.goto(edit)
    page.get_by_label("Dietary needs").click()
    page.get_by_role("link", name="Go back without changes").click()
    expect(page).not_to_have_url(re.compile("/edit$"))
    assert asked == ["beforeunload"]
    tab.check()


@pytest.mark.databases("sqlite")
def test_opening_what_was_handed_over_ends_the_time_to_take_it_back(browser, site, writing, app):
    def link() -> str:
        with app.app_context(), writing() as session:
            return f"{site.url}/registrations/{token_of(session.query(Registration).one())}/"

    with writing() as session:
        make_registration(session, session.query(Edition).one(), now=now(), given_name="Ana")
    own = link()
    former = browser.open(site.url, PHONE)
    page = former.goto(own)
    page.get_by_role("link", name="Hand over to a colleague").click()
    page.get_by_label("Your colleague's given name").fill("Mira")
    page.get_by_label("Email address").fill("mira@dofc.test")
    page.get_by_role("button", name="Continue").click()
    former.accessible()
    page.get_by_role("button", name="Hand over").click()
    former.accessible()
    page.get_by_role("link", name="Take it back").click()
    former.accessible()
    miras = link()
    colleague = browser.open(site.url, PHONE)
    colleague.goto(miras)
    expect(colleague.page.get_by_text("has handed this registration over to you")).to_be_visible()
    expect(colleague.page.get_by_role("button", name="Confirm receipt")).to_be_hidden()
    colleague.accessible()
    former.expected_statuses = {404}
    page.get_by_role("button", name="Take it back").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("This link does not work")
