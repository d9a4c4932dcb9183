"""Typed text may be longer than a column is wide, and a drawing never covers words."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from dofc_events.accounts.rules import RoleName
from dofc_events.core.audit import COMMAND
from dofc_events.core.clock import now
from dofc_events.delegates.queries import token_of
from dofc_events.memory.history.service import load_history
from tests.support import uploads
from tests.support.browser import PHONE
from tests.support.factories import make_account, make_edition, make_registration, make_trip
from tests.support.photographs import SHOWN, make_photograph, red

SIZES = [(320, 640), (390, 844), (768, 1024), (1280, 800)]
LONG = "Balkanskisavezklasteraproizvođačapoljoprivrednemehanizacije" * 2
# The words in these elements that stand on more than one line each.
BROKEN = """cells => [...document.querySelectorAll(cells)].flatMap(cell => {
  const text = cell.firstChild;
  return [...text.data.matchAll(/\\p{L}+/gu)].filter(word => {
    const range = document.createRange();
    range.setStart(text, word.index);
    range.setEnd(text, word.index + word[0].length);
    return new Set([...range.getClientRects()].map(line => Math.round(line.top))).size > 1;
  }).map(word => word[0]);
})"""
# Whether the drawing covers a part of the text.
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


# Where everything stands that a person reads or follows, to the pixel.
PLACES = """() => [...document.querySelectorAll('main :is(h1, h2, p, a, figure, picture, img)')].map(e => {
  const box = e.getBoundingClientRect();
  return [e.tagName, Math.round(box.top), Math.round(box.height)].join();
})"""
# How much of what was shown already was moved by what came later (W3C, Layout Instability).
SHIFTED = """() => new Promise(told => {
  new PerformanceObserver(list => told(list.getEntries().reduce((sum, one) => sum + one.value, 0)))
    .observe({type: 'layout-shift', buffered: true});
  setTimeout(told, 100, 0);
})"""
LOADED = "() => [...document.images].filter(e => e.currentSrc.includes('/photographs/') && e.naturalWidth).length"


@pytest.fixture
def site(app, live_server, database_url, writing):
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
        for number in range(2):
            make_photograph(session, edition, **(SHOWN | {"alternative": f"People in hall {number}"}))
        past = make_edition(session, now=moment - timedelta(days=900))
        make_photograph(session, past, **SHOWN, is_cover=True)
        own = f"/registrations/{token_of(make_registration(session, edition, now=moment, trips=(trip.slug,)))}/"
    site = live_server(database_url, SHARED_DIR=str(app.extensions["dofc_events"].shared))
    site.year, site.chair, site.trip, site.own, site.past = edition.year, chair, trip.slug, own, past.year
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
                assert page.evaluate(BROKEN, "td[data-label=Country] > div") == []
            if path.endswith("/"):
                assert page.evaluate(BROKEN, ".bars th[scope=row]") == []
    page = tab.goto(f"/organise/editions/{site.year}/registrations")
    page.locator("tr", has_text="bbbb").get_by_role("link").click()
    for size in SIZES:
        tab.resize(size)
    _photographs_are_sent_one_by_one(tab, site)


def _photographs_are_sent_one_by_one(tab, site) -> None:
    """What arrived is shown although a file beside it is none; what did not arrive is named until somebody goes on."""
    page = tab.goto(f"/organise/editions/{site.year}/memory/photographs")
    jpeg = {"name": "hall.jpg", "mimeType": "image/jpeg", "buffer": red()}
    drawing = {"name": "drawing.svg", "mimeType": "image/svg+xml", "buffer": uploads.svg()}
    page.set_input_files("[name=files]", [drawing, jpeg])
    page.get_by_role("button", name="Send the photographs").click()
    expect(page.locator("#progress [role=status]")).to_contain_text("prepared")
    expect(page.locator("[data-refused=drawing]")).to_contain_text("drawing.svg")
    tab.check()
    tab.expected_statuses = {500}
    page.route("**/memory/photographs", lambda route: route.fulfill(status=500))
    page.set_input_files("[name=files]", [jpeg])
    page.get_by_role("button", name="Send the photographs").click()
    expect(page.locator("[data-wrong]")).to_contain_text("Not sent.")
    page.unroute_all()
    page.get_by_role("link", name="See the photographs that arrived").click()
    expect(page.locator("#progress [role=status]")).to_contain_text("prepared")


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
    assert links.count() == 15, "each edition, and its outcomes"
    assert all(link.bounding_box()["height"] >= 24 for link in links.all())
    _the_card_stays_in_view(tab, site)
    _the_own_page_is_a_ticket(tab, site)
    _nothing_moves_without_pictures(browser.open(site.url, PHONE), site)


def _nothing_moves_without_pictures(tab, site) -> None:
    """Who loads none reads what they show, and everything stands where it would stand with them."""
    gallery = f"/editions/{site.year}/photographs/"
    paths = ("/editions/", f"/editions/{site.past}/", gallery, f"{gallery}1")
    pages = [(size, path) for size in (PHONE, (1280, 800)) for path in paths]
    places, page = [], tab.page
    for loads in (False, True):
        if not loads:
            page.route("**/photographs/*.*", lambda route: route.abort("aborted"))
        for size, path in pages:
            tab.resize(size)
            tab.goto(path)
            if loads:
                page.wait_for_function(LOADED)
            else:
                assert not page.evaluate(LOADED), path
            assert not loads or page.evaluate(SHIFTED) == 0, path
            places.append(page.evaluate(PLACES))
        assert "People in hall 0" in page.locator("main").aria_snapshot()
        page.unroute_all()
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(f"{site.url}{gallery}2")
    page.keyboard.press("ArrowLeft")
    expect(page).to_have_url(f"{site.url}{gallery}1")
    assert places[: len(pages)] == places[len(pages) :]


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
