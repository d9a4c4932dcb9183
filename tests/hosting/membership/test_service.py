"""A member that proposes under a typed name is shown to the chair; one in whose name others propose is told."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from dofc_events.core.audit import COMMAND
from dofc_events.hosting.calls.service import start_review
from dofc_events.hosting.conflicts.service import OwnProposal
from dofc_events.hosting.membership.queries import calls_to_review, unsettled
from dofc_events.hosting.membership.service import NoSuchMember, NothingToSettle, settle_membership
from dofc_events.hosting.proposals.service import PROPOSER, answers_of, change_proposal
from dofc_events.hosting.reviews.service import Given, ReviewNotOpen, give_review
from dofc_events.hosting.rules import ProposalStatus
from dofc_events.mail.models import Message
from tests.support.factories import NOW, make_account
from tests.support.hosting import (
    mail_to,
    make_call,
    make_member,
    make_proposal,
    make_representative,
    make_reviewer,
)

# PostgreSQL is asked whatever these acts ask by those that say so; the others would ask it the same again.
pytestmark = pytest.mark.databases("sqlite")


@pytest.fixture
def danube(session):
    return make_member(session, "danube", name="Danube Cluster")


@pytest.mark.parametrize(
    ("typed", "is_like"),
    [
        ("Danube Cluster", True),
        ("danube  claster", True),
        ("Cluster Danube", True),
        ("Данубе Кластер", True),
        ("Foundry Cluster Brno", False),
        ("Moravian Museum", False),
    ],
)
def test_a_typed_name_that_is_like_a_members_is_for_the_chair_to_settle(session, danube, typed, is_like):
    proposal = make_proposal(session, make_call(session), organisation=typed)
    assert bool(unsettled(session, [proposal])) is is_like


@pytest.mark.databases("sqlite", "postgresql")
def test_the_review_of_such_a_proposal_waits_and_of_others_does_not(session, danube):
    call = make_call(session)
    evading, other = make_proposal(session, call, organisation="Danube Cluster"), make_proposal(session, call)
    reviewer = make_reviewer(session, danube)
    scores = {criterion.id: Given(5) for criterion in call.criteria}
    assert calls_to_review(session, call.review_opens_at) == [call.id]
    start_review(session, call.id, COMMAND, call.review_opens_at)
    assert [evading.status, other.status] == [ProposalStatus.SUBMITTED, ProposalStatus.UNDER_REVIEW]
    assert calls_to_review(session, call.review_opens_at) == []
    with pytest.raises(ReviewNotOpen):
        give_review(session, evading.id, reviewer.id, scores, COMMAND, call.review_opens_at)

    settle_membership(session, evading.id, "danube", COMMAND, call.review_opens_at)
    assert (evading.proposer, evading.organisation, evading.from_member) == ("Danube Cluster", "", True)
    assert mail_to(session, evading.contact_email)[-1] == "proposal-status"
    assert calls_to_review(session, call.review_opens_at) == [call.id]
    with pytest.raises(OwnProposal):
        give_review(session, evading.id, reviewer.id, scores, COMMAND, call.review_opens_at)
    with pytest.raises(NothingToSettle):
        settle_membership(session, evading.id, "", COMMAND, call.review_opens_at)


def test_the_chair_can_say_that_it_is_another_organisation(session, danube):
    proposal = make_proposal(session, make_call(session), organisation="Danube Clusters")
    with pytest.raises(NoSuchMember):
        settle_membership(session, proposal.id, "nobody", COMMAND, NOW)
    settle_membership(session, proposal.id, "", COMMAND, NOW)
    assert (proposal.organisation, unsettled(session, [proposal])) == ("Danube Clusters", {})


def test_a_member_is_told_who_else_proposes_in_its_name_and_the_chair_from_which_address(session, danube):
    people = [make_representative(session, danube, email=f"{name}@danube.dofc.test") for name in ("one", "two")]
    make_account(session, "chair@dofc.test")
    call = make_call(session)
    make_proposal(session, call, member="danube", organisation="", contact_email="ONE@danube.dofc.test")
    assert [mail_to(session, account.email) for account in people] == [[], []]
    make_proposal(session, call, member="danube", organisation="", contact_email="impostor@dofc.test")
    assert [mail_to(session, account.email) for account in people] == [["proposal-received"]] * 2
    mine, anothers = session.scalars(select(Message.text).where(Message.recipient == "chair@dofc.test"))
    assert "the address of a representative" in mine and "not the address" not in mine
    assert "impostor@dofc.test, which is not the address of a representative" in " ".join(anothers.split())


def test_a_member_is_told_as_well_when_a_proposal_becomes_its_own_later(session, danube):
    account, call = make_representative(session, danube), make_call(session)
    first, second = (make_proposal(session, call, organisation=name) for name in ("Danube Clusters", "Foundry"))
    settle_membership(session, first.id, "danube", COMMAND, NOW)
    answers = replace(answers_of(second), member="danube", organisation="")
    change_proposal(session, second.id, answers, consent_text="We agree.", actor=PROPOSER, now=NOW)
    assert mail_to(session, account.email) == ["proposal-received"] * 2
    change_proposal(session, second.id, replace(answers, city="Vukovar"), consent_text="", actor=PROPOSER, now=NOW)
    assert mail_to(session, account.email) == ["proposal-received"] * 2
