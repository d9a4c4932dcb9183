"""Writing letters and having them sent: to whom, when, how often, and how they are stopped."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import func, select

from dofc_events.conference.rules import EditionStatus
from dofc_events.core.audit import AuditEntry
from dofc_events.letters import service
from dofc_events.letters.models import Letter, LetterRecipient
from dofc_events.letters.queries import audience_of, due_time, letter_faults, progress_of, reach_of, readers_of
from dofc_events.letters.rules import Anchor, LetterState
from dofc_events.mail.models import Message
from dofc_events.mail.outbox import can_be_sent_again
from dofc_events.mail.rules import MessageState
from dofc_events.registration.queries import Audience, Filters
from dofc_events.registration.service import cancel_registration
from tests.letters.conftest import ELENA, cancelled, letters_to, release, write
from tests.support.crowd import make_crowd
from tests.support.databases import count_queries
from tests.support.factories import DELEGATE, NOW, make_edition, make_registration
from tests.support.letters import deliver_all

# PostgreSQL is asked whatever these acts ask by those that say so; the others would ask it the same again.
pytestmark = pytest.mark.databases("sqlite")

DAY = timedelta(days=1)


# To whom


@pytest.mark.databases("sqlite", "postgresql")
def test_readers_are_those_who_take_part_unless_a_status_is_asked_for(session):
    edition = make_edition(session, capacity=1)
    first, waits = make_registration(session, edition), make_registration(session, edition)
    gone = cancelled(session, edition)
    everybody = readers_of(session, edition.id, Audience())
    assert set(everybody.keys) == {first.id, waits.id} and everybody.ended == 1
    asked_for = readers_of(session, edition.id, Audience(Filters(status="cancelled")))
    assert (set(asked_for.keys), asked_for.ended, asked_for.cancelled) == ({gone.id}, 0, 1)
    picked = readers_of(session, edition.id, Audience(references=(gone.reference, first.reference)))
    assert (set(picked.keys), picked.cancelled) == ({gone.id, first.id}, 1)


def test_whoever_cancels_after_they_were_picked_gets_no_letter(session):
    edition = make_edition(session)
    people = [make_registration(session, edition, email=f"{name}@dofc.test") for name in ("ana", "bo", "vi")]
    cancel_registration(session, people[0].id, DELEGATE, NOW - DAY)
    picked = Audience(references=tuple(one.reference for one in people))
    letter = session.get_one(Letter, write(session, edition, picked))
    assert readers_of(session, edition.id, audience_of(letter)).count == reach_of(session, [letter])[letter.id] == 3
    cancel_registration(session, people[1].id, DELEGATE, NOW + DAY)
    readers = readers_of(session, edition.id, audience_of(letter))
    assert (set(readers.keys), readers.ended, readers.cancelled) == ({people[0].id, people[2].id}, 1, 1)
    assert reach_of(session, [letter]) == {letter.id: 2}


def test_readers_have_each_address_once_and_the_living_registration_of_it(session):
    edition = make_edition(session)
    gone, again = (
        cancelled(session, edition, email="ana@dofc.test"),
        make_registration(session, edition, email="Ana@dofc.test"),
    )
    readers = readers_of(session, edition.id, Audience(references=(gone.reference, again.reference)))
    assert (list(readers.keys), readers.repeated) == ([again.id], 1)


@pytest.mark.databases("sqlite", "postgresql")
def test_reach_counts_the_readers_of_each_letter_in_one_query(session):
    edition = make_edition(session, capacity=2)
    once = cancelled(session, edition, email="ana@dofc.test")
    ana, *_others = (make_registration(session, edition, email=f"{name}@dofc.test") for name in ("ana", "bo", "vi"))
    audiences = Audience(), Audience(Filters(status="waitlisted")), Audience(references=(once.reference, ana.reference))
    letters = [session.get_one(Letter, write(session, edition, audience)) for audience in audiences]
    session.flush()
    with count_queries() as asked:
        reach = reach_of(session, letters)
    assert len(asked) == 1 and reach == {letters[0].id: 3, letters[1].id: 1, letters[2].id: 1}
    assert [readers_of(session, edition.id, audience).count for audience in audiences] == [*reach.values()]


# Sending


def test_released_letter_is_written_to_everybody_once(app, writing, reading, tick):
    with writing() as session:
        edition = make_edition(session)
        people = make_crowd(session, edition, 60)
        letter_id = write(session, edition)
        assert release(session, edition, letter_id) == 60
    tick()
    tick()
    with reading() as session:
        assert [letters_to(session, person) for person in people] == [1] * 60
        letter = session.get_one(Letter, letter_id)
        assert letter.state is LetterState.WRITTEN and letter_faults(session) == []
        assert progress_of(session, [letter_id])[letter_id].waiting == 60


@pytest.mark.databases("sqlite", "postgresql")
def test_release_refuses_a_second_time(session):
    edition = make_edition(session)
    make_registration(session, edition)
    letter_id = write(session, edition)
    release(session, edition, letter_id)
    with pytest.raises(service.NotADraft):
        release(session, edition, letter_id)
    assert session.scalar(select(func.count()).select_from(LetterRecipient)) == 1


def test_release_refuses_when_the_audience_is_not_the_one_that_was_shown(session):
    edition = make_edition(session)
    make_registration(session, edition)
    letter_id = write(session, edition)
    digest = readers_of(session, edition.id, Audience()).digest
    make_registration(session, edition)
    with pytest.raises(service.AudienceChanged):
        service.release_letter(session, letter_id, digest, ELENA, NOW)


def test_release_refuses_an_empty_audience(session):
    edition = make_edition(session)
    letter_id = write(session, edition)
    with pytest.raises(service.NobodyToWriteTo):
        release(session, edition, letter_id)


def test_one_broken_delegate_does_not_keep_a_letter_from_the_others(writing, reading, tick):
    with writing() as session:
        edition = make_edition(session)
        people = [make_registration(session, edition) for _ in range(3)]
        letter_id = write(session, edition)
        release(session, edition, letter_id)
        # A bell, which no header takes; no form lets it in.
        people[1].given_name = "\x07"
    tick()
    with reading() as session:
        assert [letters_to(session, person) for person in people] == [1, 0, 1]
        progress = progress_of(session, [letter_id])[letter_id]
        assert (progress.waiting, progress.unwritten) == (2, 1)


@pytest.mark.databases("sqlite", "postgresql")
def test_invented_people_get_kept_messages(writing, reading, tick):
    with writing() as session:
        edition = make_edition(session)
        make_registration(session, edition, email="delegate01@demo.example")
        make_registration(session, edition, email="ana@dofc.test")
        release(session, edition, write(session, edition))
    tick()
    with reading() as session:
        sent = select(Message.recipient, Message.state).where(Message.kind == "announcement")
        assert dict(map(tuple, session.execute(sent))) == {
            "delegate01@demo.example": "kept",
            "ana@dofc.test": "queued",
        }


@pytest.mark.databases("sqlite", "postgresql")
def test_a_letter_neither_replaces_a_status_message_nor_is_replaced_by_one(writing, reading, tick):
    with writing() as session:
        edition = make_edition(session)
        person = make_registration(session, edition)
        release(session, edition, write(session, edition))
    tick()
    with writing() as session:
        deliver_all(session)
        confirmation = session.scalars(select(Message).where(Message.kind == "registration-confirmed")).one()
        assert can_be_sent_again(session, confirmation, NOW)
        cancel_registration(session, person.id, DELEGATE, NOW)
        session.flush()
        messages = session.scalars(select(Message).where(Message.about == person.reference).order_by(Message.id)).all()
        assert [m.kind for m in messages] == ["registration-confirmed", "announcement", "registration-cancelled"]
        assert [can_be_sent_again(session, m, NOW) for m in messages] == [False, True, True]


# At a time that follows a date


def test_scheduled_letter_goes_at_its_time_to_whoever_is_its_audience_then(writing, reading, tick):
    with writing() as session:
        edition = make_edition(session)
        letter_id = write(session, edition, anchor=Anchor.BEGINS, days=-7)
        assert release(session, edition, letter_id) == 0
        due = due_time(session.get_one(Letter, letter_id))
        person = make_registration(session, edition)
    tick(due - timedelta(seconds=1))
    with reading() as session:
        assert session.get_one(Letter, letter_id).state is LetterState.SCHEDULED
    tick(due)
    with reading() as session:
        message = session.scalars(select(Message).where(Message.kind == "reminder")).one()
        assert message.about == person.reference and message.expires_at == edition.begins_at()


def test_time_follows_the_editions_dates_until_it_has_begun(session):
    edition = make_edition(session)
    letter = session.get_one(Letter, write(session, edition, anchor=Anchor.ENDS, days=1))
    before = due_time(letter)
    edition.ends_on += 3 * DAY
    assert due_time(letter) == before + 3 * DAY
    edition.ends_on = None
    assert due_time(letter) is None


def test_hour_is_one_on_the_editions_clocks_whatever_zone_they_come_to_have(session):
    edition = make_edition(session)
    exact = write(session, edition, anchor=Anchor.ON_DAY, sent_on=date(2027, 5, 20), hour=time(18, 30))
    relative = write(session, edition, anchor=Anchor.BEGINS, days=-7, hour=time(18, 30))
    letters = [session.get_one(Letter, letter_id) for letter_id in (exact, relative)]
    edition.starts_on, edition.zone = date(2027, 5, 27), "Europe/Sofia"
    assert {due_time(letter) for letter in letters} == {datetime(2027, 5, 20, 15, 30, tzinfo=UTC)}
    edition.zone = "Europe/Lisbon"
    assert {due_time(letter) for letter in letters} == {datetime(2027, 5, 20, 17, 30, tzinfo=UTC)}


@pytest.mark.databases("sqlite", "postgresql")
def test_scheduled_letter_that_is_edited_goes_once_at_its_new_time_with_its_new_text(writing, reading, tick):
    with writing() as session:
        edition = make_edition(session)
        make_registration(session, edition)
        letter_id = write(session, edition, anchor=Anchor.BEGINS, days=-7)
        release(session, edition, letter_id)
        letter = session.get_one(Letter, letter_id)
        first = due_time(letter)
        later = replace(service.text_of(letter), body="Better", days=-6, hour=time(18))
        service.rewrite_letter(session, letter_id, later, ELENA, NOW)
        second = due_time(letter)
    tick(first)
    with reading() as session:
        assert session.get_one(Letter, letter_id).state is LetterState.SCHEDULED
    tick(second)
    tick(second + DAY)
    with reading() as session:
        assert "Better" in session.scalars(select(Message).where(Message.kind == "reminder")).one().text
    with writing() as session, pytest.raises(service.NotEditable):
        service.rewrite_letter(session, letter_id, later, ELENA, NOW)


def test_scheduled_letter_that_loses_its_time_is_a_draft_again(session):
    edition = make_edition(session)
    letter_id = write(session, edition, anchor=Anchor.ENDS, days=1)
    release(session, edition, letter_id)
    at_once = service.LetterText("News", "Dear", Anchor.AT_ONCE)
    service.rewrite_letter(session, letter_id, at_once, ELENA, NOW)
    assert session.get_one(Letter, letter_id).state is LetterState.DRAFT
    acts = session.scalars(select(AuditEntry.act).order_by(AuditEntry.id.desc()).limit(2)).all()
    assert acts == ["letter_unscheduled", "letter_changed"]


@pytest.mark.parametrize(("anchor", "days"), [(Anchor.BEGINS, -365), (Anchor.CLOSES, -365)])
def test_writing_refuses_a_time_that_has_passed(session, anchor, days):
    edition = make_edition(session)
    with pytest.raises(service.TooLate):
        write(session, edition, anchor=anchor, days=days)


def test_writing_refuses_a_date_that_the_edition_does_not_have(session):
    edition = make_edition(session, registration_closes_at=None)
    with pytest.raises(service.DateMissing):
        write(session, edition, anchor=Anchor.CLOSES, days=-1)


def test_an_archived_edition_has_thanks_but_no_reminders(session):
    edition = make_edition(session)
    letter = write(session, edition, anchor=Anchor.BEGINS, days=-1)
    edition.status = EditionStatus.ARCHIVED
    with pytest.raises(service.TooLate):
        release(session, edition, letter)
    thanks = write(session, edition, anchor=Anchor.ENDS, days=1)
    assert release(session, edition, thanks) == 0


@pytest.mark.parametrize("why", ["archived", "begun"])
def test_a_reminder_whose_worker_came_too_late_goes_to_nobody(writing, reading, tick, why):
    with writing() as session:
        edition = make_edition(session)
        make_registration(session, edition)
        letter_id = write(session, edition, anchor=Anchor.BEGINS, days=-1)
        release(session, edition, letter_id)
        if why == "archived":
            edition.status = EditionStatus.ARCHIVED
        at = due_time(session.get_one(Letter, letter_id)) if why == "archived" else edition.begins_at()
    tick(at)
    with reading() as session:
        assert session.get_one(Letter, letter_id).state is LetterState.STOPPED
        assert session.scalar(select(func.count()).where(Message.kind == "reminder")) == 0


# Stopping


@pytest.mark.databases("sqlite", "postgresql")
def test_stop_takes_back_what_has_not_left_and_writes_no_more(writing, reading, tick):
    with writing() as session:
        edition = make_edition(session)
        people = [make_registration(session, edition) for _ in range(5)]
        letter_id = write(session, edition)
        release(session, edition, letter_id)
    tick()
    with writing() as session:
        # One has left; one was taken back before; one is, as far as the worker got, not written yet.
        ours = session.scalars(select(LetterRecipient).order_by(LetterRecipient.registration_id)).all()
        session.get_one(Message, ours[0].message_id).state = MessageState.SENT
        session.get_one(Message, ours[4].message_id).state = MessageState.WITHDRAWN
        lost, ours[3].message_id = ours[3].message_id, None
        session.get_one(Letter, letter_id).finished_at = None
        session.flush()
        session.delete(session.get_one(Message, lost))
        session.flush()
        assert vars(service.stop_letter(session, letter_id, ELENA, NOW)) == {"left": 1, "withdrawn": 3, "unwritten": 1}
    tick()
    with reading() as session:
        states = session.scalars(select(Message.state).where(Message.kind == "announcement")).all()
        assert sorted(states) == ["sent", "withdrawn", "withdrawn", "withdrawn"]
        assert letters_to(session, people[3]) == 0
        said = session.scalars(select(AuditEntry).where(AuditEntry.act == "letter_stopped")).one().details
        assert (said["left"], said["withdrawn"], said["unwritten"]) == (1, 3, 1)
    with writing() as session, pytest.raises(service.NothingToStop):
        service.stop_letter(session, letter_id, ELENA, NOW)


@pytest.mark.databases("sqlite", "postgresql")
def test_stop_keeps_a_scheduled_letter_from_going(writing, reading, tick):
    with writing() as session:
        edition = make_edition(session)
        make_registration(session, edition)
        letter_id = write(session, edition, anchor=Anchor.ENDS, days=1)
        release(session, edition, letter_id)
        service.stop_letter(session, letter_id, ELENA, NOW)
    tick(NOW + 400 * DAY)
    with reading() as session:
        assert session.scalar(select(func.count()).where(Message.kind == "announcement")) == 0
