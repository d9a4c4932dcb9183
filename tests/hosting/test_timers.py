"""What the clock triggers in a call, each once: the review begins, the ballot opens and is counted."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from dofc_events.commands.check import faults
from dofc_events.commands.timers import run_timers
from dofc_events.commands.worker import Broom
from dofc_events.core import files
from dofc_events.core.audit import COMMAND
from dofc_events.extensions import settings
from dofc_events.hosting.ballots.service import cast_ballot
from dofc_events.hosting.calls.service import set_shortlist
from dofc_events.hosting.models import Ballot, HostingCall, Proposal, Voter
from dofc_events.hosting.proposals.attachments.service import add_attachment
from dofc_events.hosting.proposals.service import PROPOSER
from dofc_events.mail.models import Message
from dofc_events.web.attachments.reading.rules import checked
from tests.support import uploads
from tests.support.factories import NOW
from tests.support.hosting import make_call, make_member, make_proposal, make_representative

MINUTE = timedelta(minutes=1)


@pytest.fixture
def run(app):
    """`run(at)`: what the worker does at that moment."""

    def timers(at) -> None:
        with app.app_context():
            run_timers(at)

    return timers


def kinds(reading) -> list[str]:
    with reading() as session:
        return list(session.scalars(select(Message.kind).where(Message.queued_at > NOW).order_by(Message.id)))


def test_a_call_goes_its_way_by_the_clock_and_nobody_is_told_anything_twice(run, writing, reading):
    with writing() as session:
        call = make_call(session)
        proposal = make_proposal(session, call)
        people = [make_representative(session, make_member(session)) for _ in range(3)]

    run(call.review_opens_at - MINUTE)
    assert kinds(reading) == []
    for _ in range(2):
        run(call.review_opens_at)
        assert kinds(reading) == ["proposal-status"]

    with writing() as session:
        set_shortlist(session, call.id, [proposal.reference], COMMAND, call.review_closes_at)
    for _ in range(2):
        run(call.ballot_opens_at)
        assert kinds(reading) == ["proposal-status"] * 2 + ["ballot"] * 3

    with writing() as session:
        voter = session.scalars(select(Voter).order_by(Voter.id)).first()
        person = next(p for p in people if p.roles[0].organisation_id == voter.organisation_id)
        cast_ballot(session, voter.id, person.id, [proposal.reference], COMMAND, call.ballot_opens_at)
    for _ in range(2):
        run(call.ballot_closes_at)
        with reading() as session:
            counted = session.get_one(HostingCall, call.id)
            assert counted.counted_at == call.ballot_closes_at and proposal.reference in counted.document
            assert session.scalars(select(Ballot)).all() == []
    assert kinds(reading) == ["proposal-status"] * 2 + ["ballot"] * 4


def test_what_does_not_add_up_is_found(app, run, writing, reading):
    with writing() as session:
        call = make_call(session)
        proposal = make_proposal(session, call)
        attachment = add_attachment(session, proposal.id, checked("a.pdf", uploads.pdf()), PROPOSER, NOW)
        person = make_representative(session, make_member(session))
    run(call.review_opens_at)
    with writing() as session:
        set_shortlist(session, call.id, [proposal.reference], COMMAND, call.review_closes_at)
    run(call.ballot_opens_at)
    with reading() as session:
        assert faults(session) == []
    with writing() as session:
        voter = session.scalars(select(Voter)).one()
        session.add(Ballot(voter_id=voter.id, account_id=person.id, ranking=["none"]))
        files.path_of(settings().instance, attachment.content_hash).unlink()
    with reading() as session:
        assert faults(session) == [
            f"voter {voter.id}: it has voted without a ballot, or has a ballot without having voted",
            f"file {attachment.content_hash}: a row refers to it, but it is missing",
        ]
    with writing() as session:
        session.get_one(HostingCall, call.id).counted_at = NOW
    with reading() as session:
        assert faults(session)[0].endswith("was not deleted with the count")


def test_files_of_nobody_are_removed_within_the_hour_and_those_of_a_proposal_stay(app, writing, monkeypatch):
    with writing() as session:
        proposal = make_proposal(session, make_call(session))
        kept = add_attachment(session, proposal.id, checked("a.pdf", uploads.pdf()), PROPOSER, NOW)
        instance = settings().instance
        files.store(instance, b"left over", NOW)
        assert session.scalars(select(Proposal)).one()
    broom, first = Broom(), NOW + 61 * MINUTE
    with app.app_context():
        broom.sweep(first)
        assert [path.name for path in (instance / "files").iterdir()] == [kept.content_hash]
        files.store(instance, b"left over", NOW)
        assert not broom.is_due()
        monkeypatch.setattr(files, "SWEEP_EVERY", files.SWEEP_EVERY * 0)
        assert broom.is_due()
        broom.sweep(first + timedelta(hours=1))
    assert [path.name for path in (instance / "files").iterdir()] == [kept.content_hash]
