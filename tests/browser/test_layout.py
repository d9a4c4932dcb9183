"""Typed text may be longer than a column is wide, and a drawing never covers words."""

import re

import pytest

from dofc_events.accounts.rules import RoleName
from dofc_events.core.audit import COMMAND
from dofc_events.core.clock import now
from dofc_events.delegates.queries import token_of
from dofc_events.memory.history.service import load_history
from tests.support.browser import PHONE
from tests.support.factories import make_account, make_edition, make_registration, make_trip

SIZES = [(320, 640), (390, 844), (768, 1024), (1280, 800)]
LONG = "Balkanskisavezklasteraproizvođačapoljoprivrednemehanizacije" * 2
# What the drawing and the text both cover, in square pixels.
# The words in the cells of a list's column that stand on more than one line each.
BROKEN = """column => [...document.querySelectorAll(`td[data-label="${column}"] > div`)].flatMap(cell => {
  const text = cell.firstChild;
  return [...text.data.matchAll(/\\p{L}+/gu)].filter(word => {
    const range = document.createRange();
    range.setStart(text, word.index);
    range.setEnd(text, word.index + word[0].length);
    return new Set([...range.getClientRects()].map(line => Math.round(line.top))).size > 1;
  }).map(word => word[0]);
})"""
OVERLAP = """() => {
  const drawing = document.querySelector('.hero-motif').getBoundingClientRect();
  const texts = [...document.querySelectorAll('.hero h1, .hero p, .hero a')].map(e => {
    const range = document.createRange();
    range.selectNodeContents(e);
    return [...range.getClientRects()];
  }).flat();
  return texts.some(t => t.right > drawing.left + drawing.width * .12 && t.left < drawing.right
    && t.bottom > drawing.top + drawing.height * .1 && t.top < drawing.bottom);
}"""


@pytest.fixture
def site(live_server, database_url, writing):
    moment = now()
    with writing() as session:
        load_history(session, COMMAND, moment)
        edition = make_edition(session, now=moment, capacity=2)
        chair = make_account(session, "chair@example.org", RoleName.CHAIR, now=moment)
        make_registration(
            session,
            edition,
            now=moment,
            given_name=LONG[:100],
            organisation=LONG,
            email=f"{'a' * 60}@{'b' * 60}.example",
            country="BA",
        )
        trip, _ = (make_trip(session, edition, slug) for slug in ("cellars", "harbour"))
        for number in range(3):
            make_registration(session, edition, now=moment, email=f"delegate-{number}@example.org")
        own = f"/registrations/{token_of(make_registration(session, edition, now=moment, trips=(trip.slug,)))}/"
    site = live_server(database_url)
    site.year, site.chair, site.trip, site.own = edition.year, chair, trip.slug, own
    return site


@pytest.mark.databases("sqlite")
def test_nothing_is_wider_than_the_page(site, browser, sign_in):
    tab = browser.open(site.url)
    tab.sign_in(sign_in(site.chair))
    of_edition = ("", "mail", "registrations", "trips", f"trips/{site.trip}/manifest", "check-in/list")
    for path in ("/organise/", *(f"/organise/editions/{site.year}/{name}" for name in of_edition)):
        page = tab.goto(path)
        for size in SIZES:
            tab.resize(size)
            if path.endswith("registrations"):
                assert "Bosnia" in page.locator("table").inner_text()
                assert page.evaluate(BROKEN, "Country") == []
    page = tab.goto(f"/organise/editions/{site.year}/registrations")
    page.locator("tr", has_text="bbbb").get_by_role("link").click()
    for size in SIZES:
        tab.resize(size)


@pytest.mark.databases("sqlite")
def test_the_drawing_leaves_the_words_alone_and_links_are_large_enough_to_hit(site, browser):
    tab = browser.open(site.url, PHONE)
    page = tab.goto("/")
    for width in (320, 390, 600, 640, 768, 800, 899, 901, 1024, 1280):
        tab.resize((width, 800))
        assert not page.evaluate(OVERLAP), width
    tab.resize(PHONE)
    tab.goto("/editions/")
    links = page.locator(".timeline").get_by_role("link", name=re.compile("."))
    assert links.count() == 14, "each edition, and its outcomes"
    assert all(link.bounding_box()["height"] >= 24 for link in links.all())
    _the_card_stays_in_view(tab, site)
    _the_own_page_is_a_ticket(tab, site)


def _the_card_stays_in_view(tab, site) -> None:
    """Beside a page of any length, the way to register is never out of sight on a desk."""
    tab.resize((1280, 900))
    page = tab.goto(f"/editions/{site.year}/")
    card = page.locator(".side")
    page.evaluate("document.querySelector('.side').parentElement.style.minHeight = '4000px'")
    page.evaluate("scrollTo({top: 1500, behavior: 'instant'})")
    box = card.bounding_box()
    assert page.evaluate("scrollY") == 1500 and 0 <= box["y"] < 100, box


def _the_own_page_is_a_ticket(tab, site) -> None:
    """On a phone the reference stands on the first screen, and all of it on three, where it was four."""
    tab.resize(PHONE)
    page = tab.goto(site.own)
    reference, height = page.locator(".ticket-reference").bounding_box(), page.evaluate("document.body.scrollHeight")
    assert reference["y"] + reference["height"] < PHONE[1] and height < 2500, (reference, height)
    for path in (site.own, "/", f"/editions/{site.year}/register"):
        page = tab.goto(path)
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        tab.resize((320, 640))
