"""What the chair does with a call: dates, criteria, the review, the shortlist."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from dofc_events.core.audit import COMMAND
from dofc_events.hosting.calls.service import (
    CallDatesOutOfOrder,
    CallExists,
    CallNotRunning,
    CallStillOpen,
    CriteriaFixed,
    CriteriaNotUsable,
    NotUnderReview,
    ShortlistFixed,
    TooLateToChange,
    change_call,
    close_call,
    details_of,
    extend_call,
    open_call,
    set_criteria,
    set_shortlist,
    start_review,
)
from dofc_events.hosting.proposals.service import PROPOSER, withdraw_proposal
from dofc_events.hosting.queries import current_call
from dofc_events.hosting.reviews.service import Given, give_review
from dofc_events.hosting.rules import DateFault, ProposalStatus
from dofc_events.mail.models import Message
from tests.support.factories import NOW
from tests.support.hosting import (
    CRITERIA,
    WEEK,
    YEAR,
    begin_ballot,
    call_details,
    last_entry,
    mail_to,
    make_call,
    make_member,
    make_proposal,
    make_reviewer,
    shortlist_all,
)

MINUTE = timedelta(minutes=1)


def statuses(*proposals) -> list[str]:
    return [str(proposal.status) for proposal in proposals]


def test_a_year_has_one_call(session):
    make_call(session)
    with pytest.raises(CallExists):
        make_call(session)


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"closes_at": NOW - 2 * WEEK}, DateFault.CLOSES_BEFORE_IT_OPENS),
        ({"review_opens_at": NOW}, DateFault.REVIEW_BEFORE_CLOSE),
        ({"review_closes_at": NOW + WEEK}, DateFault.REVIEW_ENDS_BEFORE_IT_BEGINS),
        ({"ballot_opens_at": NOW + WEEK}, DateFault.BALLOT_BEFORE_REVIEW),
        ({"ballot_closes_at": NOW + 2 * WEEK}, DateFault.BALLOT_ENDS_BEFORE_IT_BEGINS),
    ],
)
def test_what_comes_after_cannot_come_before(session, changes, fault):
    with pytest.raises(CallDatesOutOfOrder) as refused:
        open_call(session, YEAR, call_details(**changes), CRITERIA, COMMAND, NOW)
    assert refused.value.faults == (fault,)


@pytest.mark.parametrize("criteria", [(), (("Venue", 1), ("Venue", 2)), (("Venue", 0),), (("Venue", 11),)])
def test_criteria_have_names_of_their_own_and_weights(session, criteria):
    with pytest.raises(CriteriaNotUsable):
        open_call(session, YEAR, call_details(), criteria, COMMAND, NOW)


def test_a_change_is_logged_with_before_and_after(session):
    call = make_call(session)
    assert not change_call(session, call.id, details_of(call), COMMAND, NOW)
    assert change_call(session, call.id, replace(details_of(call), quorum=5), COMMAND, NOW)
    assert last_entry(session, "call_changed").details == {"changes": {"quorum": [2, 5]}}


def test_what_others_act_on_is_fixed_when_they_do(session):
    call = make_call(session)
    make_member(session)
    make_proposal(session, call)
    review, details = call.review_opens_at, details_of(call)
    with pytest.raises(TooLateToChange) as refused:
        change_call(session, call.id, replace(details, closes_at=details.closes_at - MINUTE), COMMAND, review)
    assert refused.value.fields == ("closes_at",)
    assert change_call(session, call.id, replace(details, quorum=4), COMMAND, review)
    shortlist_all(session, call)
    begin_ballot(session, call)
    late = replace(details_of(call), quorum=1, text="More about it")
    with pytest.raises(TooLateToChange) as refused:
        change_call(session, call.id, late, COMMAND, call.ballot_opens_at)
    assert refused.value.fields == ("quorum",)
    assert change_call(session, call.id, replace(late, quorum=4), COMMAND, call.ballot_opens_at)


def test_an_extended_call_moves_what_follows_by_as_many_days_on_the_clock(session):
    """Over the end of summer time in Belgrade, a day later by the clock is 25 hours later."""
    opens = datetime(2027, 10, 1, 10, tzinfo=UTC)
    days: dict[str, Any] = {
        name: datetime(2027, month, day, hour, tzinfo=UTC)
        for name, month, day, hour in (
            ("closes_at", 10, 30, 22),
            ("review_opens_at", 10, 30, 22),
            ("review_closes_at", 11, 9, 23),
            ("ballot_opens_at", 11, 9, 23),
            ("ballot_closes_at", 11, 19, 23),
        )
    }
    call = make_call(session, opens_at=opens, **days)
    extend_call(session, call.id, datetime(2027, 10, 31, 23, tzinfo=UTC), COMMAND, opens)
    assert call.closes_at == call.review_opens_at == datetime(2027, 10, 31, 23, tzinfo=UTC)
    assert call.ballot_closes_at == datetime(2027, 11, 20, 23, tzinfo=UTC)
    with pytest.raises(CallDatesOutOfOrder):
        extend_call(session, call.id, days["closes_at"], COMMAND, opens)


def test_a_closed_call_takes_nothing_more_and_is_closed_once(session):
    call = make_call(session)
    close_call(session, call.id, COMMAND, NOW)
    assert not call.takes_proposals(NOW) and call.takes_proposals(NOW - MINUTE)
    with pytest.raises(CallNotRunning):
        close_call(session, call.id, COMMAND, NOW)


def test_criteria_stay_what_they_are_once_somebody_scored_by_them(session):
    call = make_call(session)
    proposal, reviewer = make_proposal(session, call), make_reviewer(session)
    assert set_criteria(session, call.id, [("Venue", 4), ("Funding", 1)], COMMAND, NOW)
    assert not set_criteria(session, call.id, [("Venue", 4), ("Funding", 1)], COMMAND, NOW)
    scores = {criterion.id: Given(3) for criterion in call.criteria}
    give_review(session, proposal.id, reviewer.id, scores, COMMAND, call.review_opens_at)
    with pytest.raises(CriteriaFixed):
        set_criteria(session, call.id, CRITERIA, COMMAND, NOW)


def test_the_review_begins_for_what_was_submitted_and_not_before_the_close(session):
    call = make_call(session)
    submitted = make_proposal(session, call, contact_email="jana@dofc.test")
    draft = make_proposal(session, call, ProposalStatus.DRAFT)
    with pytest.raises(CallStillOpen):
        start_review(session, call.id, COMMAND, call.closes_at - MINUTE)
    assert start_review(session, call.id, COMMAND, call.closes_at) == 1
    assert start_review(session, call.id, COMMAND, call.closes_at) == 0
    assert statuses(submitted, draft) == ["under_review", "draft"]
    assert mail_to(session, "jana@dofc.test")[-1] == "proposal-status"


def test_reviewers_are_told_once_of_what_they_can_review(session):
    call, member = make_call(session), make_member(session, "danube")
    own = make_proposal(session, call, city="Vukovar", member="danube")
    make_reviewer(session, member, email="mira@dofc.test")
    make_reviewer(session, email="ivo@dofc.test")
    make_reviewer(session, email="gone@dofc.test").roles[0].ends_at = NOW
    start_review(session, call.id, COMMAND, call.closes_at)
    start_review(session, call.id, COMMAND, call.closes_at)
    told = [mail_to(session, f"{name}@dofc.test") for name in ("mira", "ivo", "gone")]
    assert told == [[], ["proposal-status"], []]
    (text,) = session.scalars(select(Message.text).where(Message.recipient == "ivo@dofc.test"))
    assert f"Vukovar, Czechia: {own.proposer}" in text
    assert f"http://dofc.test/organise/hosting/calls/{YEAR}/compare" in text


def test_nobody_is_asked_for_a_review_that_cannot_be_given_any_more(session):
    call = make_call(session)
    make_proposal(session, call)
    make_reviewer(session, email="ivo@dofc.test")
    assert start_review(session, call.id, COMMAND, call.review_closes_at) == 1
    assert mail_to(session, "ivo@dofc.test") == []


def test_the_shortlist_is_exactly_what_was_chosen_and_each_is_told_what_is_new(session):
    call = make_call(session)
    one, two, three = (make_proposal(session, call, contact_email=f"{n}@dofc.test") for n in range(3))
    start_review(session, call.id, COMMAND, call.closes_at)
    assert set_shortlist(session, call.id, [one.reference, two.reference], COMMAND, call.closes_at)
    assert not set_shortlist(session, call.id, [two.reference, one.reference], COMMAND, call.closes_at)
    assert set_shortlist(session, call.id, [two.reference, three.reference], COMMAND, call.closes_at)
    assert statuses(one, two, three) == ["under_review", "shortlisted", "shortlisted"]
    assert [mail_to(session, f"{n}@dofc.test").count("proposal-status") for n in range(3)] == [3, 2, 2]


def test_only_what_is_under_review_is_shortlisted_and_nothing_changes_once_members_vote(session):
    call = make_call(session)
    make_member(session)
    proposal, gone = make_proposal(session, call), make_proposal(session, call)
    shortlist_all(session, call)
    withdraw_proposal(session, gone.id, PROPOSER, call.closes_at)
    for reference in (gone.reference, "none", "XXXX-XXXX"):
        with pytest.raises(NotUnderReview):
            set_shortlist(session, call.id, [proposal.reference, reference], COMMAND, call.closes_at)
    begin_ballot(session, call)
    with pytest.raises(ShortlistFixed):
        set_shortlist(session, call.id, [], COMMAND, call.ballot_opens_at)


def test_the_current_call_is_the_one_that_people_can_propose_for(session):
    assert current_call(session, NOW) is None
    later = make_call(session, 2031, opens_at=NOW + MINUTE)
    assert current_call(session, NOW) is later
    over = make_call(session, 2028, now=NOW - 3 * WEEK)
    assert current_call(session, NOW) is over
    is_open = make_call(session, 2030, opens_at=NOW - 6 * WEEK)
    assert current_call(session, NOW) is is_open
