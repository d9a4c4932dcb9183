"""The whole public site, as a search engine walks it: every link leads somewhere, and every page is valid HTML."""

import json
import re
from datetime import date
from urllib.parse import urljoin, urlsplit

import pytest
import time_machine

from dofc_events.core.audit import COMMAND
from dofc_events.core.db import unit_of_work
from dofc_events.memory.figures.service import archive
from dofc_events.memory.history.service import load_history
from tests import rights
from tests.support.factories import NOW, make_edition, make_registration
from tests.support.pages import Client, Page
from tests.support.structure import faults_of_structure

pytestmark = pytest.mark.databases("sqlite")

# A page, its forms that only ask, and whatever it loads.
LINKS = {"a": "href", "link": "href", "img": "src", "script": "src", "form": "action"}


def addresses_on(page: Page) -> set[str]:
    """Where a page leads on this site, and what it loads from it, without what stands behind a #."""
    found = set[str]()
    for tag in page.all("a[href], link[href], img[src], script[src], form:not([method=post])[action], [srcset]"):
        loaded = re.split(r"\s+\S+(?:,\s*|$)", str(tag.get("srcset") or ""))
        values = [str(tag.get(LINKS.get(tag.name, "")) or ""), *loaded]
        found |= {urljoin(page.url, value) for value in values if value}
    own = urlsplit(page.client.base_url)
    parts = (urlsplit(address) for address in found)
    return {
        one._replace(scheme="", netloc="", fragment="").geturl()
        for one in parts
        if one.scheme in ("", own.scheme) and one.netloc in ("", own.netloc)
    }


@pytest.fixture
def crawled(app):
    """Every page that a stranger finds from the first one on, of a world with something of everything."""
    with time_machine.travel(NOW, tick=False):
        rights.make_world(app)
        with app.app_context(), unit_of_work() as session:
            load_history(session, COMMAND, NOW)
            past = make_edition(session, year=2025, city="Novi Sad", country="RS")
            for number in range(3):
                make_registration(session, past, email=f"p{number}@dofc.test")
            past.starts_on, past.ends_on = date(2025, 9, 24), date(2025, 9, 26)
            archive(session, past.id, COMMAND, NOW)
        client, seen, left = Client(app, "http://dofc.test"), {}, ["/"]
        while left:
            address = left.pop()
            page = seen[address] = client.get(address)
            if page.headers["Content-Type"].startswith("text/html"):
                left += sorted(addresses_on(page) - seen.keys() - set(left))
        yield seen


def test_every_link_leads_somewhere_and_every_page_is_valid(crawled):
    assert {address: page.status for address, page in crawled.items() if page.status != 200} == {}
    pages = {a: page for a, page in crawled.items() if page.headers["Content-Type"].startswith("text/html")}
    assert {"/network/", "/editions/2025/", "/editions/2014/report", "/outcomes/", "/hosting/"} <= pages.keys()
    assert len(pages) > 40
    faults = {address: found for address, page in pages.items() if (found := faults_of_structure(page.html))}
    assert faults == {}
    for address, page in pages.items():
        # What a search engine keeps: each page is one thing, says what, and where it is.
        described = page.all("meta[name=description]")
        assert [page.url.partition("?")[0]] == [
            urlsplit(str(tag["href"])).path for tag in page.all("link[rel=canonical]")
        ] or not described, address
        for data in page.all("script[type='application/ld+json']"):
            assert json.loads(data.text)["@context"] == "https://schema.org"
        # With pictures off: each says in words what is on it, or is said to be an ornament; sizes are known.
        assert not page.all("img:not([alt]), img:not([width]), img:not([height])"), address
        for picture in page.all("a > picture img, a > img"):
            assert picture["alt"], f"{address}: a link that is a picture says nothing without it"
    titles = [page.title for address, page in pages.items() if "?" not in address]
    assert len(set(titles)) > 0.8 * len(titles)
