"""The country's type-ahead: what people type, in their own language and in short, and what it may not guess."""

import re

import pytest
from playwright.sync_api import expect

from dofc_events.core.clock import now
from tests.support.browser import PHONE
from tests.support.factories import make_edition

UNMATCHED = "Choose a country from the list."
TAKEN = {
    "GB": ("UK", "England", "GB"),
    "US": ("USA", "United States of America", "america", "U.S.A."),
    "TR": ("Turkey", "türkiye", "TURKIYE"),
    "CZ": ("Czech Republic",),
    "NL": ("Holland", "the netherlands"),
    "BA": ("Bosnia and Herzegovina", "bosnia & herzegovina", "BiH"),
    "MK": ("FYROM", "macedonia"),
    "HR": ("Hrvatska",),
    "RS": ("Srbija", "Србија", "србија", "SRB", "rs"),
    "BG": ("България",),
    "GR": ("Ελλάδα", "ελλαδα", "Hellas"),
    "XK": ("Kosova",),
    "AL": ("Shqipëria", "shqiperia"),
    "RO": ("România", "romania"),
    "HU": ("Magyarország",),
    "DE": ("Deutschland",),
    "AT": ("Osterreich",),
    "ES": ("España",),
    "CY": ("Kıbrıs", "kibris"),
    "LC": ("Saint Lucia",),
    "CI": ("Ivory Coast", "cote d'ivoire"),
}


@pytest.fixture
def form(live_server, database_url, writing):
    """The address of a registration form."""
    with writing() as session:
        year = make_edition(session, now=now(), capacity=2).year
    return live_server(database_url).url + f"/editions/{year}/register"


@pytest.fixture
def tab(form, browser):
    """The form, opened."""
    tab = browser.open(form.partition("/editions/")[0])
    tab.goto(form)
    return tab


def country(page):
    return page.get_by_role("combobox", name=re.compile("Country of your organisation"))


def value(page) -> str:
    return page.locator("select[name=country]").input_value()


@pytest.mark.databases("sqlite")
def test_a_name_is_taken_when_it_is_left_and_a_beginning_is_not(tab):
    page = tab.page
    taken = {name: code for code, names in TAKEN.items() for name in names}
    # One country begins so, but another may be meant; a code of one is the beginning of another's name.
    not_taken = ["Ukra", "Cro", "SR", "AU", "mac", "Congo", "Korea", "Atlantis", "Serbia and Montenegro"]
    got = {}
    for typed in [*taken, *not_taken]:
        country(page).fill(typed)
        page.keyboard.press("Tab")
        got[typed] = value(page)
    assert got == taken | dict.fromkeys(not_taken, "")


@pytest.mark.databases("sqlite")
def test_what_is_no_country_stays_and_is_said(tab, form):
    page = tab.page
    country(page).fill("Serbia")
    page.keyboard.press("Tab")
    expect(page.get_by_text(UNMATCHED)).to_have_count(0)
    country(page).fill("Atlantis")
    expect(page.locator("#country-list")).to_have_text("No country found. Try the English name.")
    page.keyboard.press("Tab")
    line = page.get_by_role("status").filter(has_text=UNMATCHED)
    expect(line).to_be_visible()
    expect(country(page)).to_have_value("Atlantis")
    expect(country(page)).to_have_accessible_description(UNMATCHED)
    expect(country(page)).to_have_attribute("aria-invalid", "true")
    assert value(page) == ""

    # Choosing mends it.
    country(page).fill("hell")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(country(page)).to_have_value("Greece")
    expect(line).to_have_count(0)
    expect(country(page)).not_to_have_attribute("aria-invalid", "true")

    # A click on the button reaches it when the line appears.
    tab.expected_statuses = {422}
    country(page).fill("Atlantis")
    page.get_by_role("button", name="Register").click()
    expect(page.locator("[data-error-summary]")).to_contain_text("country")
    expect(country(page)).to_have_value("Atlantis")
    page.get_by_role("button", name="Register").click()
    expect(country(page)).to_have_value("Atlantis")

    # Enter does not send the country of before.
    tab.goto(form)
    country(page).fill("Serbia")
    page.keyboard.press("Tab")
    country(page).fill("Germ")
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    expect(page.get_by_text(UNMATCHED)).to_be_visible()
    assert value(page) == ""


@pytest.mark.databases("sqlite")
def test_the_list_is_in_sight_when_a_keyboard_covers_the_lower_half(tab, form):
    for size in ((390, 460), (320, 420)):
        tab.resize(size)
        page = tab.goto(form)
        # Where it stands at the lower edge of what is seen.
        country(page).evaluate("e => window.scrollBy(0, e.getBoundingClientRect().bottom - window.innerHeight + 8)")
        country(page).click()
        page.keyboard.type("a")
        expect(page.locator("#country-list")).to_be_in_viewport(ratio=0.99)
        expect(page.locator("label[for=country]")).to_be_in_viewport()


@pytest.mark.databases("sqlite")
def test_the_form_is_light(form, browser):
    tab = browser.open(form.partition("/editions/")[0], PHONE)
    sizes = {}
    tab.on("response", lambda response: sizes.update({response.url: response.request.sizes()["responseBodySize"]}))
    page = tab.goto(form)
    page.wait_for_load_state("networkidle")
    assert len(page.request.get(form).body()) < 60_000
    assert sum(sizes.values()) < 100_000, sizes
