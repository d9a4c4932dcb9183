"""One person, many requests at the same moment: a double click, an impatient reload, several open tabs."""

import pytest
from sqlalchemy import select

from dofc_events.commands.check import faults
from dofc_events.core.clock import now
from dofc_events.delegates.models import Registration
from dofc_events.mail import outbox
from dofc_events.mail.models import Message
from dofc_events.mail.rules import LINK_LIMITS
from dofc_events.places.models import Pool
from tests.mail.letters import letter
from tests.races.visitors import all_at_once, form_at, registration_form, send
from tests.support.factories import make_edition
from tests.support.network import NetworkClient

AT_ONCE = 10


@pytest.fixture
def opened(live_server, database_url, writing):
    """The site with an open edition: its address and the year."""
    with writing() as session:
        year = make_edition(session, now=now()).year
    return live_server(database_url, workers=2), year


def registrations(reading) -> list[Registration]:
    with reading() as session:
        return list(session.scalars(select(Registration)))


def kinds(reading) -> list[str]:
    with reading() as session:
        return sorted(session.scalars(select(Message.kind)))


def test_one_form_sent_ten_times_at_once_is_one_registration_and_one_mail(opened, reading):
    site, year = opened
    form = registration_form(NetworkClient(site.url), year, "ana@dofc.test")
    answers = all_at_once(send, [form] * AT_ONCE)
    assert {answer.status for answer in answers} == {303}
    assert len({answer.headers["Location"] for answer in answers}) == 1, "each of them leads to the same page"
    assert len(registrations(reading)) == 1
    assert kinds(reading) == ["registration-confirmed"]


def test_ten_forms_with_one_address_at_once_are_one_registration_and_no_flood(opened, reading):
    """Nine of them learn nothing; the address is written to five times an hour at most."""
    site, year = opened
    spellings = ["ana@dofc.test", "ANA@dofc.test", "Ana@DOFC.test", "aNa@dofc.TEST", "anA@Dofc.test"] * 2
    answers = all_at_once(send, [registration_form(NetworkClient(site.url), year, email) for email in spellings])
    assert len(registrations(reading)) == 1
    assert kinds(reading) == ["already-registered"] * 4 + ["registration-confirmed"]
    assert sorted(answer.status for answer in answers) == [303] * 5 + [429] * 5
    assert len([answer for answer in answers if "/registrations/" in answer.headers.get("Location", "")]) == 1
    with reading() as session:
        assert faults(session) == []


def test_a_lost_link_asked_for_ten_times_at_once_is_mailed_as_often_as_the_limit_allows(opened, reading, writing):
    site, year = opened
    most = LINK_LIMITS[0][0]
    with writing() as session:
        for _ in range(most - 5):
            said = letter(kind="registration-link", recipient="ana@dofc.test")
            outbox.enqueue(session, said, now(), asked_for=True)
    visitor = NetworkClient(site.url)
    assert send(registration_form(visitor, year, "ana@dofc.test")).status == 303
    form = form_at(visitor, f"/editions/{year}/lost-link").fill(email="ana@dofc.test")
    answers = all_at_once(send, [form] * AT_ONCE)
    assert {answer.status for answer in answers} == {303}, "the answer does not say what was done"
    assert kinds(reading) == ["registration-confirmed"] + ["registration-link"] * most


def test_one_place_given_up_ten_times_at_once_goes_to_one_person(live_server, database_url, writing, reading):
    with writing() as session:
        year = make_edition(session, now=now(), capacity=1, offer_hours=0).year
    site = live_server(database_url, workers=2)
    visitor = NetworkClient(site.url)
    own_page, *_ = (
        send(registration_form(visitor, year, f"{name}@dofc.test")).headers["Location"]
        for name in ("ana", "ivo", "eva")
    )
    answers = all_at_once(send, [form_at(visitor, f"{own_page}cancel")] * AT_ONCE)
    assert {answer.status for answer in answers} <= {303, 403}
    assert kinds(reading) == [
        "registration-cancelled",
        *["registration-confirmed"] * 2,
        *["registration-waitlisted"] * 2,
    ]
    with reading() as session:
        pool = session.scalars(select(Pool)).one()
        assert (pool.capacity, pool.taken) == (1, 1)
        assert faults(session) == []
