"""Conflicts of interest: a proposal of one's own member or address, and declared ones."""

import pytest
from sqlalchemy import select

from dofc_events.core.audit import COMMAND
from dofc_events.hosting.conflicts.service import NothingToJudge, OwnProposal, declare_conflict
from dofc_events.hosting.models import Review
from dofc_events.hosting.proposals.service import PROPOSER, withdraw_proposal
from dofc_events.hosting.queries import own_among
from dofc_events.hosting.reviews.service import Given, give_review
from dofc_events.hosting.rules import Interest
from tests.support.factories import NOW
from tests.support.hosting import (
    last_entry,
    make_call,
    make_member,
    make_proposal,
    make_representative,
    make_reviewer,
)


def review(session, proposal, reviewer):
    scores = {criterion.id: Given(5) for criterion in proposal.call.criteria}
    return give_review(session, proposal.id, reviewer.id, scores, COMMAND, proposal.call.review_opens_at)


def test_a_reviewers_own_address_on_a_proposal_bars_them(session):
    reviewer = make_reviewer(session, email="mira@dofc.test")
    proposal = make_proposal(session, make_call(session), contact_email="Mira@dofc.test")
    assert own_among(session, [proposal], reviewer.id, NOW) == {proposal.id: Interest.ADDRESS}
    with pytest.raises(OwnProposal):
        review(session, proposal, reviewer)


def test_a_declared_conflict_ends_the_review_and_is_on_record(session):
    call, reviewer = make_call(session), make_reviewer(session)
    proposal, other = make_proposal(session, call), make_proposal(session, call)
    review(session, proposal, reviewer)
    review(session, other, reviewer)
    assert declare_conflict(session, proposal.id, reviewer.id, "My brother.", COMMAND, NOW)
    assert not declare_conflict(session, proposal.id, reviewer.id, "Again.", COMMAND, NOW)
    assert session.scalars(select(Review.proposal_id)).all() == [other.id]
    assert last_entry(session, "conflict_declared").details == {"reason": "My brother."}
    with pytest.raises(OwnProposal):
        review(session, proposal, reviewer)


def test_only_a_reviewer_declares_a_conflict_and_only_before_the_decision(session):
    call, reviewer = make_call(session), make_reviewer(session)
    proposal = make_proposal(session, call)
    with pytest.raises(NothingToJudge):
        declare_conflict(
            session, proposal.id, make_representative(session, make_member(session)).id, "No.", COMMAND, NOW
        )
    withdraw_proposal(session, proposal.id, PROPOSER, NOW)
    with pytest.raises(NothingToJudge):
        declare_conflict(session, proposal.id, reviewer.id, "No.", COMMAND, NOW)
