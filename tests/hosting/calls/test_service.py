"""Acts of the chair on a call: dates, criteria, the review, the shortlist."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from dofc_events.conference.rules import EditionStatus
from dofc_events.core.audit import COMMAND
from dofc_events.hosting.calls.service import (
    CallDatesOutOfOrder,
    CallExists,
    CallNotEmpty,
    CriteriaFixed,
    CriteriaNotUsable,
    DatesHavePassed,
    NotLater,
    NotUnderReview,
    TooLateToChange,
    YearHasPassed,
    YearTaken,
    change_call,
    close_call,
    delete_call,
    details_of,
    extend_call,
    open_call,
    set_criteria,
    set_shortlist,
    start_review,
)
from dofc_events.hosting.proposals.service import PROPOSER, withdraw_proposal
from dofc_events.hosting.queries import all_calls, current_call
from dofc_events.hosting.reviews.service import Given, give_review
from dofc_events.hosting.rules import ProposalStatus
from dofc_events.hosting.stages.rules import DATES, DateFault, WrongStage
from dofc_events.mail.models import Message
from tests.support.factories import NOW, make_edition
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
    make_representative,
    make_reviewer,
    shortlist_all,
)

# PostgreSQL is asked whatever these acts ask by those that say so; the others would ask it the same again.
pytestmark = pytest.mark.databases("sqlite")

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
FOLLOWING = [(name, getattr(call_details(), name)) for name in DATES[1:]]


def statuses(*proposals) -> list[str]:
    return [str(proposal.status) for proposal in proposals]


@pytest.mark.databases("sqlite", "postgresql")
def test_a_year_has_one_call(session):
    make_call(session)
    with pytest.raises(CallExists):
        make_call(session)


def test_a_call_is_for_a_year_that_can_still_get_its_host(session):
    make_edition(session, year=2030)
    make_edition(session, year=2031, status=EditionStatus.DRAFT)
    with pytest.raises(YearTaken):
        make_call(session, 2030)
    with pytest.raises(YearHasPassed):
        make_call(session, 2025)
    call = make_call(session, 2031)
    late = replace(details_of(call), ballot_closes_at=datetime(2032, 1, 1, 1, tzinfo=UTC))
    with pytest.raises(YearHasPassed):
        change_call(session, call.id, late, COMMAND, NOW)
    with pytest.raises(YearHasPassed):
        extend_call(session, call.id, late.ballot_closes_at, COMMAND, NOW)


@pytest.mark.databases("sqlite", "postgresql")
def test_a_call_for_which_nobody_has_begun_a_proposal_can_be_deleted(session):
    call, begun = make_call(session), make_call(session, 2031)
    make_proposal(session, begun, ProposalStatus.DRAFT)
    delete_call(session, call.id, COMMAND, NOW)
    with pytest.raises(CallNotEmpty):
        delete_call(session, begun.id, COMMAND, NOW)
    assert [call.year for call in all_calls(session)] == [2031]
    assert make_call(session)


def test_dates_out_of_order_are_refused(session):
    with pytest.raises(CallDatesOutOfOrder) as refused:
        open_call(session, YEAR, call_details(review_opens_at=NOW + MINUTE), CRITERIA, COMMAND, NOW)
    assert refused.value.faults == (DateFault.REVIEW_BEFORE_CLOSE,)


def test_a_moment_that_has_passed_cannot_be_one_that_is_to_come(session):
    with pytest.raises(DatesHavePassed) as refused:
        open_call(session, YEAR, call_details(closes_at=NOW), CRITERIA, COMMAND, NOW)
    assert refused.value.fields == ("closes_at",)
    call = make_call(session)
    passed = replace(details_of(call), review_closes_at=call.review_opens_at + MINUTE)
    with pytest.raises(DatesHavePassed):
        change_call(session, call.id, passed, COMMAND, call.review_opens_at + MINUTE)


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


def told_since(session, moment) -> dict[str, tuple[str, str]]:
    """Subjects and texts of what was queued at a moment, by address."""
    query = select(Message).where(Message.queued_at == moment).order_by(Message.id)
    return {message.recipient: (message.subject, " ".join(message.text.split())) for message in session.scalars(query)}


@pytest.fixture
def people(session):
    """A call with a draft, a submitted and a withdrawn proposal, a reviewer, and who votes for two members."""
    call, member = make_call(session), make_member(session)
    for status in ("draft", "submitted", "withdrawn"):
        make_proposal(session, call, ProposalStatus(status), contact_email=f"{status}@dofc.test", now=NOW - MINUTE)
    make_reviewer(session, member, email="board@dofc.test")
    make_representative(session, member, email="votes@dofc.test")
    make_representative(session, make_member(session, is_active=False), email="gone@dofc.test")
    return call


def test_an_extension_moves_what_follows_and_is_told_to_everyone_concerned(session, people):
    extend_call(session, people.id, people.closes_at + 3 * DAY, COMMAND, NOW)
    assert details_of(people) == call_details(**{name: moment + 3 * DAY for name, moment in FOLLOWING})
    told = told_since(session, NOW)
    assert set(told) == {"draft@dofc.test", "submitted@dofc.test", "board@dofc.test", "votes@dofc.test"}
    for account in ("board@dofc.test", "votes@dofc.test"):
        assert f"http://dofc.test/organise/hosting/#call-{YEAR} " in told[account][1]
        assert "proposals can be submitted and changed until" in told[account][1]
    subject, text = told["draft@dofc.test"]
    assert "you can submit and change proposals until" in text
    assert "extended: proposals until" in subject
    assert "Reviews begin:" in text and "before:" in text and "The call opens" not in text
    assert last_entry(session, "call_extended").details["changes"].keys() == {name for name, _ in FOLLOWING}


def test_an_early_close_is_told_to_who_counted_on_more_time_and_moves_nothing(session, people):
    close_call(session, people.id, COMMAND, NOW)
    told = told_since(session, NOW)
    assert set(told) == {"draft@dofc.test", "submitted@dofc.test"}
    assert "Your draft was not submitted" in told["draft@dofc.test"][1]
    assert "can no longer be submitted or changed" in told["submitted@dofc.test"][1]
    assert {*told.values()} and all("closed early" in subject for subject, _ in told.values())
    with pytest.raises(WrongStage):
        close_call(session, people.id, COMMAND, NOW)
    # Extended again to where it was, it moves neither the review nor the ballot.
    extend_call(session, people.id, NOW + WEEK, COMMAND, NOW + MINUTE)
    assert details_of(people) == call_details()
    assert set(told_since(session, NOW + MINUTE)) == {"draft@dofc.test", "submitted@dofc.test"}


@pytest.mark.databases("sqlite", "postgresql")
def test_other_dates_are_told_to_whom_they_concern_and_to_nobody_before_the_call_opens(session, people):
    change_call(session, people.id, replace(details_of(people), quorum=1), COMMAND, NOW)
    assert told_since(session, NOW) == {}
    later = replace(details_of(people), ballot_closes_at=people.ballot_closes_at + WEEK)
    change_call(session, people.id, later, COMMAND, NOW)
    assert set(told_since(session, NOW)) == {"submitted@dofc.test", "votes@dofc.test"}
    early = people.opens_at - WEEK
    coming = make_call(session, 2031, opens_at=NOW)
    moved = replace(details_of(coming), ballot_closes_at=coming.ballot_closes_at + WEEK)
    change_call(session, coming.id, moved, COMMAND, early)
    assert told_since(session, early) == {}


@pytest.mark.parametrize("moment", [timedelta(), -MINUTE, -3 * WEEK])
def test_an_earlier_moment_is_no_extension(session, moment):
    call = make_call(session)
    with pytest.raises(NotLater):
        extend_call(session, call.id, call.closes_at + moment, COMMAND, NOW)


def test_once_the_review_has_begun_the_call_is_not_extended_and_proposals_are_not_left_locked(session):
    """Begun early, it said that it was to begin later, and the call could be opened again."""
    call = make_call(session, review_opens_at=NOW + 9 * DAY)
    proposal = make_proposal(session, call)
    close_call(session, call.id, COMMAND, NOW)
    start_review(session, call.id, COMMAND, NOW + MINUTE)
    assert proposal.status == ProposalStatus.UNDER_REVIEW
    assert call.review_opens_at == NOW + MINUTE and call.review_closes_at == NOW + 2 * WEEK
    with pytest.raises(WrongStage):
        extend_call(session, call.id, NOW + WEEK, COMMAND, NOW + 2 * MINUTE)


@pytest.mark.databases("sqlite", "postgresql")
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
    with pytest.raises(WrongStage):
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
    with pytest.raises(WrongStage):
        set_shortlist(session, call.id, [], COMMAND, call.ballot_opens_at)


def test_the_current_call_is_the_one_that_people_can_propose_for(session):
    assert current_call(session, NOW) is None
    later = make_call(session, 2031, opens_at=NOW + MINUTE)
    assert current_call(session, NOW) is later
    over = make_call(session, 2028, now=NOW - 3 * WEEK)
    assert current_call(session, NOW) is over
    is_open = make_call(session, 2030, opens_at=NOW - 6 * WEEK)
    assert current_call(session, NOW) is is_open
