"""The operations page says how somebody is deleted: that works on both databases, and leaves nothing."""

import re
from typing import Any

from sqlalchemy import Text, cast, func, select, text

from dofc_events.conference.rules import TripMode
from dofc_events.config import ROOT
from dofc_events.core.audit import WORKER, AuditEntry
from dofc_events.delegates.doubles.service import likely_doubles, tell_apart
from dofc_events.delegates.models import Registration
from dofc_events.hosting.calls.service import start_review
from dofc_events.hosting.models import Proposal
from dofc_events.hosting.proposals.attachments.service import add_attachment
from dofc_events.hosting.proposals.questions.service import ask_question
from dofc_events.hosting.proposals.service import PROPOSER
from dofc_events.hosting.reviews.service import Given, give_review
from dofc_events.letters.timers import write_messages
from dofc_events.mail.models import Message
from dofc_events.notices.models import UntoldNews
from dofc_events.registration.arrivals.service import note_arrival
from dofc_events.registration.hand_over.models import HandOver
from dofc_events.registration.notes.service import tag_one
from dofc_events.trips.models import DrawnDelegate
from dofc_events.web.attachments.reading.rules import checked
from tests.letters.conftest import release, write
from tests.support import uploads
from tests.support.factories import DELEGATE, NOW, find_doubles, make_edition, make_registration, make_trip
from tests.support.hosting import make_call, make_proposal, make_reviewer

OPERATIONS = ROOT / "docs" / "operations.md"
NAME: dict[str, Any] = {"given_name": "Ana", "family_name": "Kovač", "country": "RS"}


def statements(example: str, reference: str) -> list[str]:
    """What the page says about its `example`, for somebody else."""
    (block,) = (
        b for b in re.findall(r"```sql\n(.*?)```", OPERATIONS.read_text(encoding="utf-8"), re.S) if example in b
    )
    lines = (line for line in block.splitlines() if line not in ("BEGIN;", "COMMIT;"))
    return [line.replace(example, reference) for line in lines]


def test_the_page_deletes_a_delegate_altogether(session):
    edition = make_edition(session, trip_mode=TripMode.DRAW)
    make_trip(session, edition, "mill")
    ana, twin = (make_registration(session, edition, **NAME, trips=("mill",)) for _ in range(2))
    note_arrival(session, ana.id, DELEGATE, NOW)
    tag_one(session, ana.id, "speaker", DELEGATE, NOW)
    find_doubles(session, [ana.id, twin.id])
    tell_apart(session, edition.id, [likely_doubles(session, edition.id, limit=1)[0].id], DELEGATE, NOW)
    letter_id = write(session, edition)
    release(session, edition, letter_id)
    write_messages(session, [ana.id, twin.id], letter_id, NOW)
    session.add(DrawnDelegate(registration_id=ana.id, trip_id=None))
    session.add(UntoldNews(registration_id=ana.id, since=NOW, news={}))
    session.add(HandOver(registration_id=ana.id, link_version=1, before={}))
    session.flush()
    reference = ana.reference
    for statement in statements("7KX9-Q2MB", reference):
        session.execute(text(statement))
    session.expire_all()
    assert session.scalars(select(Registration.id)).all() == [twin.id]
    assert {*session.scalars(select(Message.about)), *session.scalars(select(AuditEntry.about))} >= {twin.reference}
    for column in (Message.text, Message.about, cast(AuditEntry.details, Text), AuditEntry.about):
        assert session.scalar(select(func.count()).where(column.contains(reference))) == 0


def test_the_page_deletes_a_proposal_altogether(session):
    call = make_call(session)
    proposal, other = make_proposal(session, call), make_proposal(session, call)
    add_attachment(session, proposal.id, checked("a.pdf", uploads.pdf()), PROPOSER, NOW)
    reviewer = make_reviewer(session)
    ask_question(session, proposal.id, reviewer.id, "Is it dry?", DELEGATE, NOW)
    start_review(session, call.id, WORKER, call.review_opens_at)
    given = {criterion.id: Given(3) for criterion in call.criteria}
    give_review(session, proposal.id, reviewer.id, given, DELEGATE, call.review_opens_at)
    for statement in statements("4TRW-8HNC", proposal.reference):
        session.execute(text(statement))
    assert session.scalars(select(Proposal.id)).all() == [other.id]
