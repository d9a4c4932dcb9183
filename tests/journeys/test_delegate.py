"""A delegate's whole story: the real site, a real worker, a real mail server."""

import re
from email.message import EmailMessage
from html import unescape

import pytest
from icalendar import Calendar

from dofc_events.core.clock import now
from tests.support.databases import dump
from tests.support.factories import make_edition
from tests.support.network import NetworkClient

ANSWERS = {"organisation": "Trakya Cluster", "country": "TR", "category": "company", "consent": True}
LINK = re.compile(r"https?://[^\s\"<>]+")


@pytest.fixture
def edition(writing):
    """Open now, with one place."""
    with writing() as session:
        return make_edition(session, now=now(), capacity=1)


def register(person: NetworkClient, edition, name: str, email: str):
    page = person.get("/").follow("Register" if name == "Ana" else "Join the waiting list")
    return page.form().fill(ANSWERS | {"given_name": name, "email": email}).submit()


def status_of(page) -> str:
    return str(page.one("[data-registration-status]")["data-registration-status"])


def link_in(message: EmailMessage, ending: str = "/") -> str:
    """The link of the text part to the delegate's own page, or to one below it."""
    (link,) = set(re.findall(rf"http://\S+/registrations/[^/\s]+{ending}(?=\s)", text_of(message)))
    return link


def text_of(message: EmailMessage) -> str:
    return str(message.get_body(("plain",)).get_content())


def links_of(message: EmailMessage) -> set[str]:
    html = str(message.get_body(("html",)).get_content())
    return set(LINK.findall(text_of(message))) | {unescape(link) for link in LINK.findall(html)}


def check(message: EmailMessage, kind: str) -> None:
    """What every message has, whatever it says."""
    assert message["X-DofC-Kind"] == kind
    assert message["Auto-Submitted"] == "auto-generated"
    assert re.fullmatch(r"<[^<>\s]+@dofc\.test>", message["Message-ID"])
    assert message["Reply-To"] == "host@dofc.test" and message["From"].endswith("<registration@dofc.test>")
    assert message.get_body(("plain",)) is not None and message.get_body(("html",)) is not None
    assert all(len(line) <= 998 for line in message.as_bytes().splitlines())


@pytest.mark.databases("postgresql")
def test_a_place_goes_from_one_to_the_next_by_mail(live_server, smtp, database_url, edition):
    site = live_server(database_url, smtp, PAUSE_OF_WORKER="0.2")
    worker = site.run_worker()
    ana, boris, mira = (NetworkClient(site.url) for _ in range(3))

    assert status_of(register(ana, edition, "Ana", "ana@dofc.test")) == "confirmed"
    (confirmed,) = smtp.wait_for(1)
    check(confirmed, "registration-confirmed")
    assert "Ana" in confirmed["To"]
    (file,) = confirmed.iter_attachments()
    assert file.get_content_type() == "text/calendar" and file.get_filename().endswith(".ics")
    (event,) = Calendar.from_ical(file.get_content()).walk("VEVENT")
    assert str(event["STATUS"]) == "CONFIRMED" and str(event["URL"]) == f"{site.url}/editions/2027/"
    assert file.get_param("method") == "PUBLISH"

    assert status_of(register(boris, edition, "Boris", "boris@dofc.test")) == "waitlisted"
    check(smtp.wait_for(2)[1], "registration-waitlisted")

    own = ana.another().get(link_in(confirmed))
    assert status_of(own) == "confirmed"
    own.follow("Change details").form().fill(dietary="No nuts").submit()
    check(smtp.wait_for(3)[2], "registration-changed")

    form = ana.get(own.url).follow("Hand over to a colleague").form()
    form.fill(given_name="Mira", email="mira@dofc.test").submit().form().submit("Hand over")
    smtp.wait_for(5)
    (to_mira,) = smtp.messages_to("mira@dofc.test")
    check(to_mira, "registration-confirmed")
    check(smtp.messages_to("ana@dofc.test")[-1], "registration-changed")
    assert ana.get(own.url).status == 404

    page = mira.get(link_in(to_mira))
    assert status_of(page) == "confirmed" and "No nuts" not in page.text
    assert status_of(page.follow("Cancel this registration").form().submit("Cancel")) == "cancelled"
    smtp.wait_for(7)
    check(smtp.messages_to("mira@dofc.test")[-1], "registration-cancelled")
    offered = smtp.messages_to("boris@dofc.test")[-1]
    check(offered, "registration-offered")

    offer = boris.another().get(link_in(offered, "/offer"))
    assert status_of(offer) == "offered"
    assert status_of(offer.form().submit("Accept the place")) == "confirmed"
    smtp.wait_for(8)
    check(smtp.messages_to("boris@dofc.test")[-1], "registration-confirmed")

    # Mail scanners open every link, and open it again.
    before = dump(database_url)
    links = {link for message in smtp.messages for link in links_of(message)}
    assert len(links) >= 5
    for link in sorted(links) * 2:
        assert link.startswith(site.url), f"{link} leads away from the site"
        page = NetworkClient(site.url).get(link)
        assert page.status in (200, 404)
    assert dump(database_url) == before
    assert len(smtp.messages) == 8
    assert site.flask("check").strip() == "Everything adds up."
    assert worker.stop() == 0
