"""Who reviews what, when, and who sees it; and what reviewers ask."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from dofc_events.accounts.rules import RoleName
from dofc_events.core.audit import COMMAND
from dofc_events.hosting.conflicts.service import NotAReviewer, OwnProposal
from dofc_events.hosting.members.service import remove_representative
from dofc_events.hosting.models import HostingCall, Review, Score
from dofc_events.hosting.proposals.questions.service import NothingAsked, answer_question, ask_question
from dofc_events.hosting.proposals.service import PROPOSER, ProposalFixed, withdraw_proposal
from dofc_events.hosting.reviews.queries import summaries, visible_reviews
from dofc_events.hosting.reviews.service import Given, ReviewNotOpen, ScoresIncomplete, give_review
from dofc_events.hosting.rules import ProposalStatus
from dofc_events.mail.models import Message
from dofc_events.mail.outbox import TooManyMessages
from tests.support.factories import NOW, make_account
from tests.support.hosting import (
    last_entry,
    mail_to,
    make_call,
    make_member,
    make_proposal,
    make_representative,
    make_reviewer,
)

# PostgreSQL is asked whatever these acts ask by those that say so; the others would ask it the same again.
pytestmark = pytest.mark.databases("sqlite")


def scores(call: HostingCall, *values: int) -> dict[int, Given]:
    return {criterion.id: Given(value, "why") for criterion, value in zip(call.criteria, values, strict=False)}


def review(session, proposal, account, *values: int, now=None) -> bool:
    call = proposal.call
    at = now or call.review_opens_at
    return give_review(session, proposal.id, account.id, scores(call, *values), COMMAND, at)


@pytest.mark.databases("sqlite", "postgresql")
def test_a_reviewer_has_one_review_of_a_proposal_which_can_be_changed(session):
    proposal, board = make_proposal(session, make_call(session)), make_reviewer(session)
    assert review(session, proposal, board, 5, 4, 3)
    assert not review(session, proposal, board, 5, 4, 3)
    assert review(session, proposal, board, 5, 4, 1)
    assert session.scalar(select(func.count()).select_from(Review)) == 1
    assert sorted(session.scalars(select(Score.score))) == [1, 4, 5]
    given = last_entry(session, "review_given").details["changes"].values()
    assert [(before, after["score"]) for before, after in given] == [(None, 5), (None, 4), (None, 3)]
    [(before, after)] = last_entry(session, "review_changed").details["changes"].values()
    assert (before["score"], after["score"]) == (3, 1)


@pytest.mark.parametrize("values", [(5, 4), (5, 4, 0), (5, 4, 6)])
def test_a_review_scores_every_criterion_from_one_to_five(session, values):
    proposal, board = make_proposal(session, make_call(session)), make_reviewer(session)
    with pytest.raises(ScoresIncomplete) as refused:
        review(session, proposal, board, *values)
    assert refused.value.missing == (proposal.call.criteria[2].id,)


def test_nobody_reviews_or_asks_about_what_their_own_member_proposes(session):
    call = make_call(session)
    member = make_member(session, "czech-cluster", name="Czech Cluster")
    own = make_proposal(session, call, member="czech-cluster")
    board = make_reviewer(session, member)
    with pytest.raises(OwnProposal):
        review(session, own, board, 5, 5, 5)
    with pytest.raises(OwnProposal):
        ask_question(session, own.id, board.id, "How?", COMMAND, NOW)
    # Else a proposer could choose who does not judge.
    assert review(session, make_proposal(session, call, co_hosts="Somebody\n- Czech Cluster"), board, 1, 1, 1)


@pytest.mark.databases("sqlite", "postgresql")
def test_a_board_member_who_votes_for_the_proposing_member_does_not_review_it(session):
    call = make_call(session)
    member = make_member(session, "czech-cluster")
    board = make_reviewer(session)
    make_representative(session, member, email=board.email)
    with pytest.raises(OwnProposal):
        review(session, make_proposal(session, call, member="czech-cluster"), board, 5, 5, 5)


def test_only_the_board_reviews(session):
    proposal, board = make_proposal(session, make_call(session)), make_reviewer(session)
    (organisation_id,) = {role.organisation_id for role in board.roles}
    remove_representative(session, organisation_id, board.id, RoleName.BOARD, COMMAND, NOW)
    for account in (make_representative(session, make_member(session)), make_account(session), board):
        with pytest.raises(NotAReviewer):
            review(session, proposal, account, 1, 1, 1)


def test_reviews_are_given_in_their_window_alone(session):
    call = make_call(session)
    proposal, board = make_proposal(session, call), make_reviewer(session)
    for moment in (NOW, call.review_closes_at):
        with pytest.raises(ReviewNotOpen):
            review(session, proposal, board, 1, 1, 1, now=moment)
    withdraw_proposal(session, proposal.id, PROPOSER, NOW)
    draft = make_proposal(session, call, ProposalStatus.DRAFT)
    for other in (proposal, draft):
        with pytest.raises(ProposalFixed):
            review(session, other, board, 1, 1, 1)


@pytest.mark.databases("sqlite", "postgresql")
def test_others_scores_are_seen_after_giving_ones_own_and_by_all_of_the_board_at_the_end(session):
    call = make_call(session)
    member = make_member(session, "czech-cluster")
    own, other = make_proposal(session, call, member="czech-cluster"), make_proposal(session, call)
    first, second = make_reviewer(session), make_reviewer(session, member)
    chair, voter = make_account(session), make_representative(session, member)
    at = call.review_opens_at

    def seen_by(account, now=at) -> dict[int, int]:
        return {i: len(reviews) for i, reviews in visible_reviews(session, call, account.id, now).items()}

    review(session, own, first, 4, 4, 4)
    review(session, other, first, 5, 5, 5)
    assert seen_by(first) == {own.id: 1, other.id: 1}
    assert seen_by(second) == {} and summaries(session, call, second.id, at) == {}
    review(session, other, second, 1, 1, 1)
    assert seen_by(second) == {other.id: 2}
    assert seen_by(second, call.review_closes_at) == {other.id: 2}, "never of what is their own member's"
    assert seen_by(chair) == {own.id: 1, other.id: 2}
    assert seen_by(voter) == seen_by(voter, call.review_closes_at) == {}


@pytest.mark.databases("sqlite", "postgresql")
def test_a_summary_weighs_the_criteria(session):
    call = make_call(session)
    proposal = make_proposal(session, call)
    boards = [make_reviewer(session) for _ in range(3)]
    for board, values in zip(boards, [(5, 1, 1), (5, 5, 5), (2, 4, 3)], strict=True):
        review(session, proposal, board, *values)
    # The weights are 2, 3 and 1.
    found = summaries(session, call, boards[0].id, call.review_opens_at)[proposal.id]
    weighted = [14 / 6, 5, 19 / 6]
    assert found.reviews == 3
    assert found.mean == pytest.approx(sum(weighted) / 3) and found.median == pytest.approx(19 / 6)
    assert found.spread == pytest.approx(5 - 14 / 6)


# Questions


def test_question_and_answer_reach_the_other_side_by_mail(session):
    proposal = make_proposal(session, make_call(session), contact_email="jana@dofc.test")
    asking, other = make_reviewer(session, email="one@dofc.test"), make_reviewer(session, email="two@dofc.test")
    with pytest.raises(NothingAsked):
        answer_question(session, proposal.id, "So.", PROPOSER, NOW)
    for account in (asking, other):
        ask_question(session, proposal.id, account.id, "Who pays\nfor the buses?", COMMAND, NOW)
    assert mail_to(session, "jana@dofc.test").count("proposal-question") == 2
    answer_question(session, proposal.id, "The region does.", PROPOSER, NOW)
    assert mail_to(session, "one@dofc.test") == mail_to(session, "two@dofc.test") == ["proposal-question"]
    text = session.scalars(select(Message.text).where(Message.recipient == "one@dofc.test")).one()
    assert "The region does." in text and f"/organise/hosting/proposals/{proposal.reference}/" in text


@pytest.mark.databases("sqlite", "postgresql")
def test_a_proposer_answers_as_often_as_was_asked_and_no_mailbox_is_filled(session):
    proposal, board = make_proposal(session, make_call(session)), make_reviewer(session, email="one@dofc.test")
    for number in range(7):
        ask_question(session, proposal.id, board.id, f"And {number}?", COMMAND, NOW)
    for number in range(7):
        answer_question(session, proposal.id, f"So {number}.", PROPOSER, NOW)
    with pytest.raises(TooManyMessages) as refusal:
        answer_question(session, proposal.id, "So.", PROPOSER, NOW)
    assert refusal.value.retry_after == 3601
    answer_question(session, proposal.id, "So.", PROPOSER, NOW + timedelta(hours=1))
    assert len(mail_to(session, "one@dofc.test")) == 8


@pytest.mark.databases("sqlite", "postgresql")
def test_what_is_sent_twice_is_kept_and_mailed_once(session):
    proposal = make_proposal(session, make_call(session), contact_email="jana@dofc.test")
    board, other = make_reviewer(session, email="one@dofc.test"), make_reviewer(session)

    def ask(text: str) -> int:
        return ask_question(session, proposal.id, board.id, text, COMMAND, NOW).id

    def answer(text: str) -> int:
        return answer_question(session, proposal.id, text, PROPOSER, NOW).id

    first = ask("Is it dry?")
    ask_question(session, proposal.id, other.id, "Who pays?", COMMAND, NOW)
    assert ask("Is it dry?") == first
    yes = answer("Yes.")
    answer("The region does.")
    assert answer("Yes.") == yes
    # To another question the same may be said again.
    assert ask("Is it dry?") != first and answer("Yes.") != yes
    assert mail_to(session, "jana@dofc.test").count("proposal-question") == 3
    assert mail_to(session, "one@dofc.test").count("proposal-question") == 3


def test_nobody_asks_about_a_draft(session):
    proposal = make_proposal(session, make_call(session), ProposalStatus.DRAFT)
    with pytest.raises(ProposalFixed):
        ask_question(session, proposal.id, make_reviewer(session).id, "How?", COMMAND, NOW)
