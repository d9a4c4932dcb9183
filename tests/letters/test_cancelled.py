"""A letter that has not left when its reader cancels goes to them no longer, unless they come back."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from dofc_events.commands.check import faults
from dofc_events.delegates.doubles.service import likely_doubles
from dofc_events.delegates.models import Registration
from dofc_events.delegates.service import details_of
from dofc_events.letters.models import Letter
from dofc_events.letters.queries import progress_of
from dofc_events.mail.models import Message
from dofc_events.mail.rules import MessageState
from dofc_events.privacy.erasing.service import erase_registration
from dofc_events.registration.doubles.service import Merging, digest_of, merge
from dofc_events.registration.many import service as many
from dofc_events.registration.on_behalf.service import reinstate
from dofc_events.registration.queries import Audience, Filters
from dofc_events.registration.rules import Act
from dofc_events.registration.service import cancel_registration
from tests.letters.conftest import ELENA, cancelled, release, write
from tests.registration.many.conftest import order, pick
from tests.support.factories import DELEGATE, NOW, find_doubles, make_edition, make_registration
from tests.support.letters import deliver_all, unsent

LATER = NOW + timedelta(minutes=5)

# PostgreSQL is asked whatever these acts ask by those that say so; the others would ask it the same again.
pytestmark = pytest.mark.databases("sqlite")


@pytest.fixture
def sent(writing):
    """A letter to two people, who are the same person perhaps, that nobody has written or delivered yet."""
    with writing() as session:
        edition = make_edition(session)
        called: dict[str, Any] = {"given_name": "Ana", "family_name": "Kovač", "organisation": "Zelena"}
        ana, ivo = (make_registration(session, edition, email=f"{x}@dofc.test", **called) for x in ("ana", "ivo"))
        letter_id = write(session, edition, body="Your place: {place}")
        release(session, edition, letter_id)
        find_doubles(session, [ana.id, ivo.id])
    return edition, ana, ivo, letter_id


def by_the_delegate(session, edition, ana):
    cancel_registration(session, ana.id, DELEGATE, LATER)


def with_many(session, edition, ana):
    many.cancel(session, edition.id, order(session, edition, Act.CANCEL, pick(ana)), "", ELENA, LATER, quiet=True)


def announcements(session) -> list[tuple[str, str]]:
    query = select(Message.recipient, Message.state).where(Message.kind == "announcement").order_by(Message.id)
    return [(recipient, str(state)) for recipient, state in session.execute(query)]


@pytest.mark.databases("sqlite", "postgresql")
@pytest.mark.parametrize("is_written", [True, False])
@pytest.mark.parametrize("act", [by_the_delegate, with_many])
def test_letter_that_waits_does_not_go_to_whoever_cancels(writing, reading, tick, sent, act, is_written):
    edition, ana, ivo, letter_id = sent
    if is_written:
        tick()
    with writing() as session:
        act(session, edition, session.get_one(Registration, ana.id))
    for _ in range(2):
        tick(LATER)
    with reading() as session:
        assert sorted(state for _recipient, state in announcements(session)) == ["queued", "withdrawn"]
        assert (ivo.email, "queued") in announcements(session)
        progress = progress_of(session, [letter_id])[letter_id]
        assert (progress.total, progress.waiting, progress.states[MessageState.WITHDRAWN]) == (2, 1, 1)
        assert faults(session) == []


def test_nothing_is_to_stop_of_a_letter_when_the_rest_was_withdrawn(writing, tick, sent):
    edition, ana, _ivo, letter_id = sent
    tick()
    with writing() as session:
        by_the_delegate(session, edition, ana)
        deliver_all(session, LATER)
        assert progress_of(session, [letter_id])[letter_id].to_stop == 0


def test_letter_is_finished_when_a_reader_is_erased_before_it_is_written(writing, reading, tick, sent):
    _edition, ana, ivo, letter_id = sent
    with writing() as session:
        erase_registration(session, ana.id, ELENA, LATER)
    tick(LATER)
    with reading() as session:
        assert announcements(session) == [(ivo.email, "queued")]
        assert session.get_one(Letter, letter_id).finished_at
        assert progress_of(session, [letter_id])[letter_id].total == 1
        assert faults(session) == []


@pytest.mark.databases("sqlite", "postgresql")
@pytest.mark.parametrize("is_written", [True, False])
def test_letter_goes_to_whoever_is_reinstated(writing, reading, tick, sent, is_written):
    edition, ana, ivo, _letter_id = sent
    if is_written:
        tick()
    with writing() as session:
        by_the_delegate(session, edition, ana)
    tick(LATER)
    with writing() as session:
        reinstate(session, ana.id, "A mistake.", ELENA, LATER)
    for _ in range(2):
        tick(LATER)
    with reading() as session:
        assert sorted(announcements(session)) == [
            (ana.email, "queued"),
            (ana.email, "withdrawn"),
            (ivo.email, "queued"),
        ]
        assert faults(session) == []


@pytest.mark.databases("sqlite", "postgresql")
def test_letter_goes_once_to_the_address_that_a_merged_registration_takes_over(writing, reading, tick, sent):
    edition, ana, ivo, _letter_id = sent
    tick()
    with writing() as session:
        [pair] = likely_doubles(session, edition.id, limit=1)
        kept, digest = pair.first if pair.first.id == ivo.id else pair.second, digest_of(session, pair)
        wanted = Merging(kept is pair.first, details_of(kept), ana.email, "Twice.", digest, answers={}, note="")
        merge(session, edition.id, pair.id, wanted, ELENA, LATER)
    for _ in range(2):
        tick(LATER)
    with reading() as session:
        [message] = [one for one in unsent(session) if one.kind == "announcement"]
        assert (message.recipient, message.about) == (ana.email, ivo.reference)
        assert faults(session) == []


def test_letter_to_those_who_cancelled_goes_to_them(writing, reading, tick):
    with writing() as session:
        edition = make_edition(session)
        ana = cancelled(session, edition)
        release(session, edition, write(session, edition, Audience(Filters(status="cancelled"))))
    tick(LATER)
    with reading() as session:
        assert announcements(session) == [(ana.email, "queued")]
