"""Categories that need approval: a request holds no place, keeps its position, and organisers decide."""

import pytest
from sqlalchemy import select

from dofc_events.commands.check import faults
from dofc_events.conference.queries import edition_by_year
from dofc_events.core.audit import WORKER
from dofc_events.delegates.models import Registration
from dofc_events.mail.models import Message
from dofc_events.registration.timers import close_list
from tests.organise.editions.conftest import settings
from tests.registration.conftest import ANSWERS
from tests.support.factories import claim_of, make_registration


@pytest.fixture
def approving(organiser, year):
    settings(organiser, year, "categories").form().fill({"categories-2-needs_approval": True}).submit()


def status(page) -> str:
    return page.one("[data-registration-status]")["data-registration-status"]


def register(client, year, email):
    answers = ANSWERS | {"email": email, "category": "guest"}
    return client.get(f"/editions/{year}/register").form().fill(answers).submit()


def last_message(reading, email) -> Message:
    with reading() as session:
        return session.scalars(select(Message).where(Message.recipient == email).order_by(Message.id.desc())).first()


def test_a_request_waits_until_organisers_accept_it(organiser, client, approving, reading, year):
    assert "organisers decide" in client.get(f"/editions/{year}/register").one("option[value=guest]").get_text()
    own = register(client, year, "ana@dofc.test")
    assert status(own) == "requested" and "The organisers decide who takes part as “Guest”" in own.text
    # The page is read again on other days.
    assert "your position on the waiting list is that of your request" in own.text and "today" not in own.text
    assert "will decide about your registration" in last_message(reading, "ana@dofc.test").text
    assert "1 request waits for you to accept or decline it." in organiser.get("/organise/").text
    overview = organiser.get(f"/organise/editions/{year}/registrations?status=requested")
    assert overview.one("[data-total]")["data-total"] == "1"
    reference = own.one(".ticket-reference strong").get_text()
    person = organiser.get(f"/organise/editions/{year}/registrations/{reference}")
    page = person.follow("Accept the request").form().fill(message="See you in Sofia!").submit()
    assert "1 request has been accepted." in page.text
    assert status(client.get(own.url)) == "confirmed"
    message = last_message(reading, "ana@dofc.test")
    assert message.kind == "registration-confirmed" and "The organisers write: See you in Sofia!" in message.text
    with reading() as session:
        assert faults(session) == []


def test_a_request_that_is_declined_is_told_why(organiser, client, approving, reading, year):
    own = register(client, year, "ana@dofc.test")
    reference = own.one(".ticket-reference strong").get_text()
    person = organiser.get(f"/organise/editions/{year}/registrations/{reference}")
    asked = person.follow("Decline the request")
    assert asked.h1 == "Decline 1 request" and "Their places" not in asked.text
    assert "1 request has been declined." in asked.form().fill(reason="For hosts only.").submit().text
    message = last_message(reading, "ana@dofc.test")
    assert "have declined your request" in message.text and "For hosts only." in message.text
    assert status(client.get(own.url)) == "cancelled"
    with reading() as session:
        assert faults(session) == []


def test_a_request_accepted_when_all_is_taken_waits_where_it_stood(organiser, client, approving, writing, year):
    own = register(client, year, "ana@dofc.test")
    with writing() as session:
        others = [make_registration(session, edition_by_year(session, year)) for _ in range(3)]
    # Two places: the request holds none, and the third of the others waits behind it.
    reference = own.one(".ticket-reference strong").get_text()
    organiser.get(f"/organise/editions/{year}/registrations/{reference}").follow("Accept the request").form().submit()
    shown = client.get(own.url)
    assert (status(shown), shown.one("[data-waiting-position]")["data-waiting-position"]) == ("waitlisted", "1")
    with writing() as session:
        assert claim_of(session, others[2]).status == "waitlisted"
        assert faults(session) == []


def test_requests_end_when_the_edition_begins(client, approving, writing, reading, year):
    own = register(client, year, "ana@dofc.test")
    with writing() as session:
        edition = edition_by_year(session, year)
        close_list(session, session.scalars(select(Registration.id)).all(), WORKER, edition.begins_at())
    assert status(client.get(own.url)) == "expired"
