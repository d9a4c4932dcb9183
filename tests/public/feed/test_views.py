"""What programs read: a feed and a list of pages, both well formed."""

from datetime import UTC, date, datetime
from xml.etree import ElementTree as ET

import pytest
import time_machine

from dofc_events.conference.models import Edition
from dofc_events.core.audit import COMMAND, record
from dofc_events.memory.history.service import load_history
from tests.support.factories import NOW as MADE_AT
from tests.support.factories import make_edition
from tests.support.memory import make_outcome

NOW = datetime(2027, 2, 1, 12, tzinfo=UTC)
ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture(autouse=True)
def _in_february_2027():
    with time_machine.travel(NOW, tick=False):
        yield


def entries(client) -> dict[str, ET.Element]:
    feed = ET.fromstring(client.get("/feed.xml", checked=False).data)
    assert feed.findtext(f"{ATOM}updated") and feed.findtext(f"{ATOM}id") == f"{client.base_url}/"
    return {str(entry.findtext(f"{ATOM}title")): entry for entry in feed.iter(f"{ATOM}entry")}


def test_the_feed_has_editions_and_outcomes_the_latest_first(client, writing):
    with writing() as session:
        load_history(session, COMMAND, NOW)
    found = entries(client)
    assert len(found) == 14 and next(iter(found)).endswith(("2016", "Daegu"))
    assert found["Days of Clusters 2015"].findtext(f"{ATOM}updated").startswith("2015-10-23T21:00:00")
    moments = [entry.findtext(f"{ATOM}updated") for entry in found.values()]
    assert moments == sorted(moments, reverse=True) and max(moments) < NOW.isoformat()
    ids = [entry.findtext(f"{ATOM}id") for entry in found.values()]
    assert len(set(ids)) == len(ids)


def test_the_feed_is_there_when_there_is_nothing_and_keeps_what_is_no_news_out(client, writing):
    assert entries(client) == {}
    with writing() as session:
        make_edition(session, year=2028, status="draft")
        make_edition(session, year=2029, is_demo=True)
    assert entries(client) == {}


def test_the_feed_survives_whatever_a_title_has_in_it(client, writing):
    with writing() as session:
        edition = Edition(year=2020, city="A & B", country="RS", status="archived", ends_on=date(2020, 5, 1))
        session.add(edition)
        session.flush()
        make_outcome(session, edition, "<b>대구</b> & “others”")
        make_outcome(session, edition, "Nobody has seen it", published=False)
    assert set(entries(client)) == {"Days of Clusters 2020", "<b>대구</b> & “others”"}


def test_an_outcome_is_news_when_it_was_published_and_never_in_the_future(client, writing):
    """Its day was that of the feed, however far ahead, and one of a year ago came below all that readers had seen."""
    with writing() as session:
        old, recorded = make_edition(session, year=2025), make_edition(session, year=2024, status="archived")
        record(session, COMMAND, datetime(2025, 1, 7, tzinfo=UTC), "edition_published", scope="2025")
        make_outcome(session, old, "Signed last year", agreed_on=date(2025, 6, 1))
        make_outcome(session, recorded, "Signed long ago", agreed_on=date(2024, 6, 1))
        for edition in (old, recorded):
            make_outcome(session, edition, f"To come {edition.year}").agreed_on = date(2199, 1, 1)
    updated = {title: entry.findtext(f"{ATOM}updated") for title, entry in entries(client).items()}
    assert updated["Signed last year"] == updated["To come 2025"] == updated["To come 2024"] == MADE_AT.isoformat()
    assert updated["Signed long ago"] == "2024-06-01T12:00:00+00:00"


def test_the_sitemap_has_what_everyone_may_see(client, writing):
    with writing() as session:
        load_history(session, COMMAND, NOW)
        make_edition(session, year=2028, status="draft")
    sitemap = ET.fromstring(client.get("/sitemap.xml", checked=False).data)
    addresses = [str(one.text) for one in sitemap.iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")]
    assert f"{client.base_url}/editions/2013/" in addresses and sum("/outcomes/" in one for one in addresses) == 8
    assert not any("2028" in one for one in addresses)
    for address in addresses:
        page = client.get(address)
        assert page.status == 200 and page.one("meta[property='og:description']")["content"], address
