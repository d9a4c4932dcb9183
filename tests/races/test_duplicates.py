"""One person, many requests at the same moment: a double click, an impatient reload, several open tabs."""

import pytest
from sqlalchemy import select

from dofc_events.commands.check import faults
from dofc_events.core.clock import now
from dofc_events.delegates.models import Registration
from dofc_events.mail.models import Message
from dofc_events.places.models import Pool
from tests.races.visitors import Visitor, all_at_once, registration_form
from tests.support.factories import make_edition

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
    visitor = Visitor(site.url)
    form = registration_form(visitor, year, "ana@dofc.test")
    answers = all_at_once(lambda tab: tab.send(form), [visitor.another_tab() for _ in range(AT_ONCE)])
    assert {answer.status for answer in answers} == {303}
    assert len({answer.location for answer in answers}) == 1, "each of them leads to the same page"
    assert len(registrations(reading)) == 1
    assert kinds(reading) == ["registration-confirmed"]


def test_ten_forms_with_one_address_at_once_are_one_registration_and_no_flood(opened, reading):
    """Nine of them learn nothing; the address is written to five times an hour at most."""
    site, year = opened
    people = [Visitor(site.url) for _ in range(AT_ONCE)]
    spellings = ["ana@dofc.test", "ANA@dofc.test", "Ana@DOFC.test", "aNa@dofc.TEST", "anA@Dofc.test"] * 2
    forms = [registration_form(visitor, year, email) for visitor, email in zip(people, spellings, strict=True)]
    answers = all_at_once(lambda pair: pair[0].send(pair[1]), zip(people, forms, strict=True))
    assert len(registrations(reading)) == 1
    assert kinds(reading) == ["already-registered"] * 4 + ["registration-confirmed"]
    assert sorted(answer.status for answer in answers) == [303] * 5 + [429] * 5
    assert len([answer for answer in answers if "/registrations/" in answer.location]) == 1
    with reading() as session:
        assert faults(session) == []


def test_a_lost_link_asked_for_ten_times_at_once_is_mailed_as_often_as_the_limit_allows(opened, reading):
    site, year = opened
    visitor = Visitor(site.url)
    assert visitor.send(registration_form(visitor, year, "ana@dofc.test")).status == 303
    form = visitor.form(f"/editions/{year}/lost-link").fill(email="ana@dofc.test")
    answers = all_at_once(lambda tab: tab.send(form), [visitor.another_tab() for _ in range(AT_ONCE)])
    assert {answer.status for answer in answers} == {303}, "the answer does not say what was done"
    assert kinds(reading) == ["registration-confirmed"] + ["registration-link"] * 4


def test_one_place_given_up_ten_times_at_once_goes_to_one_person(live_server, database_url, writing, reading):
    with writing() as session:
        year = make_edition(session, now=now(), capacity=1, offer_hours=0).year
    site = live_server(database_url, workers=2)
    first, *others = (Visitor(site.url) for _ in range(3))
    own_page = first.send(registration_form(first, year, "ana@dofc.test")).location
    for number, visitor in enumerate(others):
        visitor.send(registration_form(visitor, year, f"next-{number}@dofc.test"))
    form = first.form(f"{own_page}cancel")
    answers = all_at_once(lambda tab: tab.send(form), [first.another_tab() for _ in range(AT_ONCE)])
    assert {answer.status for answer in answers} <= {303, 403}
    assert kinds(reading) == ["registration-cancelled", *["registration-confirmed"] * 2, *["registration-waitlisted"] * 2]
    with reading() as session:
        pool = session.scalars(select(Pool)).one()
        assert (pool.capacity, pool.taken) == (1, 1)
        assert faults(session) == []
