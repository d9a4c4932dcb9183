"""Changed places and times are told by letter, and letters follow a changed address."""

from datetime import date

import pytest
from sqlalchemy import select

from dofc_events.commands.check import faults
from dofc_events.conference.rules import EditionStatus
from dofc_events.conference.service import place_and_time_of
from dofc_events.core.audit import AuditEntry
from dofc_events.delegates.models import Registration
from dofc_events.delegates.queries import token_of
from dofc_events.letters import service
from dofc_events.letters.models import Letter
from dofc_events.letters.queries import readers_of, taken_back
from dofc_events.letters.rules import LetterState
from dofc_events.mail.models import Message
from dofc_events.mail.rules import MessageState
from dofc_events.registration.queries import Audience
from dofc_events.registration.service import cancel_registration, correct_address
from tests.letters.conftest import ELENA, cancelled, letters_to, release, write
from tests.support.databases import count_queries
from tests.support.factories import DELEGATE, NOW, make_edition, make_registration

# PostgreSQL is asked whatever these acts ask by those that say so; the others would ask it the same again.
pytestmark = pytest.mark.databases("sqlite")

# A corrected address


@pytest.mark.databases("sqlite", "postgresql")
def test_what_had_not_left_to_an_old_address_goes_to_the_new_one_once(writing, reading, tick):
    with writing() as session:
        edition = make_edition(session)
        ana, ivo = (make_registration(session, edition, email=f"{name}@dofc.test") for name in ("ana", "ivo"))
        for _ in range(2):
            release(session, edition, write(session, edition, body="[Your page]({own_page})"))
    tick()
    with writing() as session:
        first = session.scalars(select(Message).where(Message.recipient == "ana@dofc.test").order_by(Message.id.desc()))
        first.first().state = MessageState.SENT
        correct_address(session, ana.id, "ana.new@dofc.test", ELENA, NOW)
        correct_address(session, ivo.id, "ivo.new@dofc.test", ELENA, NOW)
    for _ in range(2):
        tick()
    with reading() as session:
        news = select(Message).where(Message.kind == "announcement", Message.state != MessageState.WITHDRAWN)
        got = session.scalars(news.order_by(Message.recipient)).all()
        assert [message.recipient for message in got] == [
            "ana.new@dofc.test",
            "ana@dofc.test",
            "ivo.new@dofc.test",
            "ivo.new@dofc.test",
        ]
        assert token_of(session.get_one(Registration, ivo.id)) in got[-1].text
        assert faults(session) == []


@pytest.mark.parametrize("case", ["stopped", "cancelled", "over", "has it already"])
def test_what_was_taken_back_is_not_written_anew_when_it_is_of_no_use(writing, reading, tick, case):
    with writing() as session:
        edition = make_edition(session)
        ana = make_registration(session, edition, email="ana@dofc.test")
        if case == "has it already":
            gone = cancelled(session, edition, email="new@dofc.test")
        audience = Audience(references=(ana.reference, gone.reference)) if case == "has it already" else Audience()
        letter_id = write(session, edition, audience)
        release(session, edition, letter_id)
        over = edition.finishes_at()
    tick()
    with writing() as session:
        correct_address(session, ana.id, "new@dofc.test", ELENA, NOW)
        if case == "stopped":
            service.stop_letter(session, letter_id, ELENA, NOW)
        if case == "cancelled":
            cancel_registration(session, ana.id, DELEGATE, NOW)
    tick(over if case == "over" else NOW)
    with reading() as session:
        assert letters_to(session, ana) == 1, "the one that was taken back"
        assert taken_back(session, over if case == "over" else NOW) == []


@pytest.mark.databases("sqlite", "postgresql")
def test_each_letter_that_was_taken_back_is_looked_for_among_nobody_elses(writing, tick):
    with writing() as session:
        edition = make_edition(session)
        people = [make_registration(session, edition) for _ in range(3)]
        release(session, edition, write(session, edition))
    tick()
    with writing() as session:
        for number, person in enumerate(people):
            correct_address(session, person.id, f"new-{number}@dofc.test", ELENA, NOW)
    with count_queries() as queries:
        tick()
    looked = [query for query in queries if "messages.recipient_key !=" in query]
    one = [query for query in looked if "letter_recipients.registration_id = " in query]
    # The worker once for all, and then each of them under its letter's lock.
    assert (len(looked), len(one)) == (4, 3)


# A changed place or time


def moved(session, edition, now=NOW, **changes):
    before = place_and_time_of(edition)
    for name, value in changes.items():
        setattr(edition, name, value)
    edition.revision += 1
    session.flush()
    return service.note_change(session, edition, before, ELENA, now)


@pytest.mark.databases("sqlite", "postgresql")
def test_change_is_told_to_everybody_with_the_new_calendar_file(writing, reading, tick):
    with writing() as session:
        edition = make_edition(session, year=2027, capacity=1, starts_on=date(2027, 5, 20), ends_on=date(2027, 5, 22))
        confirmed, waits = make_registration(session, edition), make_registration(session, edition)
        cancelled(session, edition)
        old_file = session.scalars(select(Message).where(Message.about == confirmed.reference)).one().attachments[0]
        letter_id = moved(session, edition, city="Plovdiv", starts_on=date(2027, 5, 19))
        digest = readers_of(session, edition.id, Audience()).digest
        service.tell_change(session, letter_id, "The **old** venue burnt down.", digest, ELENA, NOW)
    tick()
    with reading() as session:
        messages = session.scalars(select(Message).where(Message.kind == "announcement").order_by(Message.id)).all()
        assert [m.about for m in messages] == [confirmed.reference, waits.reference]
        text = " ".join(messages[0].text.split())
        assert "Old venue: House of Clusters, 12 Vitosha Boulevard, Sofia, Bulgaria" in text
        assert "New venue: House of Clusters, 12 Vitosha Boulevard, Plovdiv, Bulgaria" in text
        assert "Old time: 09:30, Thursday 20 May 2027" in text
        assert "New time: 09:30, Wednesday 19 May 2027" in text
        assert "The old venue burnt down." in text and "Status: Place confirmed" in text
        new_file = messages[0].attachments[0]
        assert sequence(new_file) == sequence(old_file) + 1 and "20270519" in new_file["body"]
        assert messages[1].attachments == []


def sequence(file) -> int:
    return int(file["body"].partition("SEQUENCE:")[2].split()[0])


def test_changes_that_nobody_was_told_of_are_one_letter_and_none_when_taken_back(session):
    edition = make_edition(session)
    make_registration(session, edition)
    first = moved(session, edition, city="Plovdiv")
    assert moved(session, edition, venue="Theatre") == first
    assert session.get_one(Letter, first).before["city"] == "Sofia"
    assert moved(session, edition, venue="House of Clusters", city="Sofia") is None
    assert session.get_one(Letter, first).state is LetterState.DROPPED
    assert moved(session, edition, city="Varna") not in (None, first)


def test_there_is_nothing_to_tell_without_a_change_or_without_anybody(session):
    edition = make_edition(session)
    assert moved(session, edition, city="Plovdiv") is None
    make_registration(session, edition)
    assert moved(session, edition, summary="Other words") is None
    edition.status = EditionStatus.DRAFT
    assert moved(session, edition, city="Varna") is None


@pytest.mark.databases("sqlite", "postgresql")
def test_telling_nobody_is_recorded(session):
    edition = make_edition(session)
    make_registration(session, edition)
    letter_id = moved(session, edition, city="Plovdiv")
    service.stop_letter(session, letter_id, ELENA, NOW)
    session.flush()
    assert session.scalars(select(AuditEntry.act).where(AuditEntry.actor == str(ELENA))).all() == ["change_not_told"]
    assert moved(session, edition, venue="Theatre") != letter_id
