"""A draft that nobody goes on with ends, and its proposer is told in time."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from dofc_events.core.audit import WORKER, history_of
from dofc_events.hosting.models import Attachment, Proposal
from dofc_events.hosting.proposals.attachments.service import add_attachment
from dofc_events.hosting.proposals.service import PROPOSER
from dofc_events.hosting.proposals.timers import drafts_to_end, drafts_to_tell, end_draft, tell_of_end
from dofc_events.hosting.rules import KEEP_DRAFTS, TELL_BEFORE_END, ProposalStatus
from dofc_events.web.attachments.reading.rules import checked
from tests.support import uploads
from tests.support.factories import NOW
from tests.support.hosting import mail_to, make_call, make_proposal
from tests.support.letters import letters

TOLD = NOW + KEEP_DRAFTS - TELL_BEFORE_END
SECOND = timedelta(seconds=1)


@pytest.fixture
def draft(session) -> Proposal:
    call = make_call(session, now=TOLD, opens_at=NOW - SECOND)
    return make_proposal(session, call, ProposalStatus.DRAFT, contact_email="jana@example.org")


def test_a_draft_ends_after_sixty_days_two_weeks_after_its_proposer_was_told(session, draft):
    add_attachment(session, draft.id, checked("a.pdf", uploads.pdf()), PROPOSER, NOW)
    assert not drafts_to_tell(session, TOLD - SECOND) and not tell_of_end(session, draft.id, TOLD - SECOND)
    assert drafts_to_tell(session, TOLD) == [draft.id] and tell_of_end(session, draft.id, TOLD)
    assert mail_to(session, "jana@example.org")[-1] == "proposal-reminder" and not drafts_to_tell(session, TOLD)
    assert "Your draft will be deleted at " in letters(session, to="jana@example.org")[-1].subject
    assert draft.ends_at == NOW + KEEP_DRAFTS
    assert not end_draft(session, draft.id, WORKER, draft.ends_at - SECOND)
    reference = draft.reference
    assert drafts_to_end(session, draft.ends_at) == [draft.id] and end_draft(session, draft.id, WORKER, draft.ends_at)
    assert not session.scalars(select(Proposal)).all() and not session.scalars(select(Attachment)).all()
    assert any(entry.act == "draft_ended" for entry in history_of(session, reference))


def test_whoever_is_told_late_has_two_weeks_all_the_same(session, draft):
    late = NOW + 3 * KEEP_DRAFTS
    assert not drafts_to_end(session, late) and tell_of_end(session, draft.id, late)
    assert draft.ends_at == late + TELL_BEFORE_END
    said = " ".join(letters(session, to="jana@example.org")[-1].text.split())
    assert "The call has closed, so it can no longer be submitted." in said and "save it once" not in said
    assert not drafts_to_end(session, draft.ends_at - SECOND) and drafts_to_end(session, draft.ends_at)


def test_a_draft_that_was_saved_again_stays_and_a_submitted_proposal_never_ends(session, draft):
    submitted = make_proposal(session, draft.call)
    assert tell_of_end(session, draft.id, TOLD)
    add_attachment(session, draft.id, checked("a.pdf", uploads.pdf()), PROPOSER, TOLD)
    assert draft.ends_at == TOLD + KEEP_DRAFTS and not drafts_to_end(session, NOW + KEEP_DRAFTS)
    assert draft.id in drafts_to_tell(session, TOLD + KEEP_DRAFTS)
    assert submitted.id not in drafts_to_tell(session, NOW + 9 * KEEP_DRAFTS)
    # Not even one whose proposer was told while it was a draft.
    submitted.end_told_at = TOLD
    session.flush()
    assert submitted.id not in drafts_to_end(session, NOW + 9 * KEEP_DRAFTS)
