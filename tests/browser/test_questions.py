"""An edition's own questions in a real browser: from set-up over the form to the file."""

import csv
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from dofc_events.accounts.rules import RoleName
from dofc_events.core.clock import now
from tests.support.browser import DESKTOP, PHONE, CheckedPage
from tests.support.factories import make_account, make_edition


@pytest.fixture
def site(live_server, database_url, writing):
    with writing() as session:
        edition = make_edition(session, now=now(), capacity=20)
        make_account(session, "host@dofc.test", RoleName.ORGANISER, edition=edition, now=now())
    site = live_server(database_url)
    site.year = edition.year
    return site


def ask(tab: CheckedPage, link: str, *, look: bool = False, **fields: str) -> None:
    """Add a question, begun by a link of the list."""
    page = tab.page
    page.get_by_role("main").get_by_role("link", name=link, exact=True).click()
    for name, value in fields.items():
        if value == "tick":
            page.locator(f"main [name={name.replace('__', '-')}]").check()
        elif name == "shown_if":
            page.locator(f"main [name=shown_if][value='{value}']").check()
        else:
            page.locator(f"main [name={name.replace('__', '-')}]").fill(value)
    if look:
        tab.accessible_on_both()
        # Whoever leaves many lines by a link is asked, and here says no.
        page.once("dialog", lambda dialog: dialog.dismiss())
        page.get_by_role("main").get_by_role("link", name="Questions", exact=True).click(no_wait_after=True)
        page.wait_for_timeout(300)
        expect(page.locator("main [name=caption]")).to_have_value(fields["caption"])
    page.get_by_role("button", name="Add the question").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Questions")


def fill(tab: CheckedPage, name: str) -> None:
    page = tab.page
    page.locator("[name=given_name]").fill(name)
    page.locator("[name=email]").fill(f"{name}@dofc.test")
    page.locator("[name=organisation]").fill("Trakya Cluster")
    page.locator("select[name=country]").evaluate("field => { field.value = 'TR'; }")
    page.locator("[name=category]").select_option("company")
    page.locator("[name=consent]").check()


@pytest.mark.databases("sqlite")
def test_six_questions_go_from_set_up_to_the_file(site, browser):
    host = browser.open(site.url, DESKTOP)
    page = host.goto(site.flask("accounts", "sign-in-link", "host@dofc.test").strip())
    page.get_by_role("button", name="Sign in as host@dofc.test").click()
    host.goto(f"/organise/editions/{site.year}/questions")
    host.accessible_on_both()
    ask(host, "T-shirt", required="tick")
    ask(host, "Dinner")
    ask(
        host,
        "One of several options",
        look=True,
        caption="Which menu?",
        options__0__caption="Fish",
        options__0__places="1",
        options__1__caption="Meat",
        shown_if="dinner:yes",
    )
    ask(host, "Arrival", required_from_on=f"{now().date() + timedelta(days=30)}")
    ask(host, "A number", caption="How many colleagues travel with you?")
    ask(
        host,
        "Any of several options",
        caption="Which days?",
        options__0__caption="Monday",
        options__1__caption="Tuesday",
    )
    host.accessible_on_both()
    # As delegates see it: what depends on an answer comes with it.
    expect(page.locator(".preview [name=question-which_menu]").first).to_be_hidden()
    page.locator(".preview [name=question-dinner][value=yes]").check()
    expect(page.locator(".preview [name=question-which_menu]").first).to_be_visible()

    guest = browser.open(site.url, PHONE)
    form = guest.goto(f"/editions/{site.year}/register")
    menu = form.locator("[name=question-which_menu][value=fish]")
    fill(guest, "ana")
    expect(menu).to_be_hidden()
    form.locator("[name=question-dinner][value=yes]").check()
    menu.check()
    guest.accessible_on_both()
    # What must be answered was not.
    guest.expected_statuses = {422}
    form.get_by_role("button", name="Register").click()
    form.locator("[data-error-summary] a").click()
    form.locator("[name=question-t-shirt][value=m]").check()
    form.locator("[name=question-which_days][value=tuesday]").check()
    form.get_by_role("button", name="Register").click()
    expect(form.locator("[data-registration-status=confirmed]")).to_be_visible()
    form.locator(".own-details summary").click()
    expect(form.get_by_text("Tuesday", exact=True)).to_be_visible()
    guest.accessible_on_both()

    # The only place of the option is taken; without script everything is asked, and what does not apply is dropped.
    late = browser.open(site.url, PHONE, javascript=False)
    form = late.goto(f"/editions/{site.year}/register")
    expect(form.locator("[name=question-which_menu][value=fish]")).to_be_disabled()
    form.locator("[name=given_name]").fill("bo")
    form.locator("[name=email]").fill("bo@dofc.test")
    form.locator("[name=organisation]").fill("Trakya Cluster")
    form.locator("select[name=country]").select_option("TR")
    form.locator("[name=category]").select_option("company")
    form.locator("[name=consent]").check()
    form.locator("[name=question-t-shirt][value=l]").check()
    form.locator("[name=question-dinner][value=no]").check()
    form.locator("[name=question-which_menu][value=meat]").check()
    form.get_by_role("button", name="Register").click()
    expect(form.locator("[data-registration-status=confirmed]")).to_be_visible()

    page = host.goto(f"/organise/editions/{site.year}/registrations?question-dinner=yes&columns=question-which_menu")
    expect(page.locator("tr[data-registration]")).to_have_count(1)
    expect(page.locator("tr[data-registration]")).to_contain_text("Fish")
    host.accessible_on_both()
    # Long questions over short answers do not push columns off the page.
    host.resize(DESKTOP)
    keys = page.locator("input[name=columns][value^=question-]").evaluate_all("boxes => boxes.map(box => box.value)")
    host.goto(
        f"/organise/editions/{site.year}/registrations?" + "&".join(f"columns={key}" for key in ["status", *keys])
    )
    assert len(keys) == 7 and page.locator(".wide").evaluate("wide => wide.scrollWidth - wide.clientWidth") <= 0
    with page.expect_download() as download:
        page.evaluate(f"location.href = '/organise/editions/{site.year}/registrations.csv'")
    rows = list(csv.DictReader(download.value.path().read_text(encoding="utf-8-sig").splitlines()))
    said = {
        row["given_name"]: (row["question-dinner"], row["question-which_menu"], row["question-t-shirt"]) for row in rows
    }
    assert said == {"ana": ("yes", "Fish", "M"), "bo": ("no", "", "L")}
