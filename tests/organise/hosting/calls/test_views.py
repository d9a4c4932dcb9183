"""The chair and a call for hosts: from opening it to the shortlist."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from dofc_events.accounts.rules import RoleName
from dofc_events.core.clock import in_zone
from dofc_events.hosting.models import HostingCall, Proposal
from dofc_events.hosting.reviews.service import Given, give_review
from dofc_events.hosting.rules import ProposalStatus
from tests.support.factories import NOW, make_account
from tests.support.hosting import (
    YEAR,
    begin_ballot,
    mail_to,
    make_call,
    make_member,
    make_proposal,
    make_reviewer,
    shortlist_all,
)

CALL = f"/organise/hosting/calls/{YEAR}"
ANSWERS = {
    "year": str(YEAR),
    "text": "Who is **next**?",
    "zone": "Europe/Belgrade",
    "opens_at": "2027-03-01T09:00",
    "closes_at": "2027-03-29T00:00",
    "review_opens_at": "2027-03-29T00:00",
    "review_closes_at": "2027-04-12T00:00",
    "ballot_opens_at": "2027-04-12T00:00",
    "ballot_closes_at": "2027-04-26T00:00",
    "quorum": "3",
}


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def chair(writing, sign_in, client):
    """The chair, signed in at the moment of the test's clock: `chair()`."""
    with writing() as session:
        account = make_account(session, role=RoleName.CHAIR)
    return lambda: sign_in(account)


@pytest.fixture
def call(writing):
    with writing() as session:
        return make_call(session)


@pytest.fixture
def the_call(reading):
    """The only call that there is, with its criteria."""

    def the_call() -> HostingCall:
        with reading() as session:
            call = session.scalars(select(HostingCall)).one()
            assert call.criteria is not None
            return call

    return the_call


def statuses(reading) -> list[str]:
    with reading() as session:
        return list(session.scalars(select(Proposal.status).order_by(Proposal.id)))


# Opening and changing


def test_a_call_is_opened_with_its_windows_in_its_zone_and_the_usual_criteria(chair, the_call):
    page = chair().get("/organise/hosting/calls/new").form().fill(ANSWERS).submit()
    assert (page.status, page.url) == (200, f"{CALL}/")
    call = the_call()
    # Belgrade is two hours before UTC when it closes, and one when it opens.
    assert [m.isoformat() for m in (call.opens_at, call.closes_at)] == [
        "2027-03-01T08:00:00+00:00",
        "2027-03-28T22:00:00+00:00",
    ]
    assert [(c.label, c.weight) for c in call.criteria][:2] == [("Location", 2), ("Venue", 2)]
    assert len(call.criteria) == 8
    assert not call.proposals_public


def test_a_call_that_is_already_open_is_not_said_to_open_later(chair):
    page = chair().get("/organise/hosting/calls/new").form().fill(ANSWERS | {"opens_at": "2026-10-01T09:00"}).submit()
    assert "Call saved." in page.text and "The call is open until" in page.one(".lead").text
    assert "once it opens" not in page.text


def test_dates_out_of_order_are_said_all_at_once_and_nothing_is_lost(chair):
    wrong = {"closes_at": "2027-02-01T00:00", "ballot_closes_at": "2027-04-01T00:00", "text": "Mine"}
    page = chair().get("/organise/hosting/calls/new").form().fill(ANSWERS | wrong).submit()
    assert page.status == 422
    assert "must close after it opens" in page.one("#closes_at-error").text
    assert "must close after it opens" in page.one("#ballot_closes_at-error").text
    assert page.form().value("text") == "Mine"


def test_a_criterion_needs_its_weight_and_is_named_once(chair):
    form = chair().get("/organise/hosting/calls/new").form().fill(ANSWERS)
    page = form.fill({"criteria-8-label": "Food"}).submit()
    assert page.status == 422
    assert "Enter a weight" in page.text
    page = page.form().fill({"criteria-8-label": "Venue", "criteria-8-weight": "1"}).submit()
    assert page.status == 422
    assert "each only once" in page.text


def test_a_second_call_for_a_year_is_refused(chair, call):
    page = chair().get("/organise/hosting/calls/new").form().fill(ANSWERS).submit()
    assert page.status == 422
    assert f"There is already a call for {YEAR}" in page.one("#year-error").text


def test_a_call_is_changed_with_its_criteria(chair, call, the_call):
    form = chair().get(f"{CALL}/settings").form()
    page = form.fill(
        {"quorum": "7", "criteria-0-label": "", "criteria-3-label": "Food", "criteria-3-weight": "5"}
    ).submit()
    assert page.url == f"{CALL}/"
    call = the_call()
    assert call.quorum == 7
    assert [(c.label, c.weight) for c in call.criteria] == [("Funding", 3), ("Experience", 1), ("Food", 5)]


def test_a_ballot_that_closes_after_the_year_of_the_edition_is_refused(chair, call, the_call):
    form = chair().get("/organise/hosting/calls/new").form()
    page = form.fill(ANSWERS | {"year": "2028", "ballot_closes_at": "2029-01-01T00:01"}).submit()
    assert "before the end of 2028" in page.one("#ballot_closes_at-error").text
    page = chair().get(f"{CALL}/settings").form().fill(ballot_closes_at="2062-05-01T00:00", text="Mine").submit()
    assert page.status == 422
    assert f"before the end of {YEAR}" in page.one("#ballot_closes_at-error").text
    assert page.form().value("text") == "Mine"
    page.form().fill(ballot_closes_at=f"{YEAR + 1}-01-01T00:00").submit()
    assert the_call().text == "Mine"


def test_a_quorum_that_the_members_cannot_reach_is_asked_about(chair, writing, call, the_call):
    with writing() as session:
        for _number in range(2):
            make_member(session)
    asked = chair().get(f"{CALL}/settings").form().fill(quorum="3").submit()
    assert asked.status == 422
    assert "The network has 2 voting members" in asked.one(".notice-warning").text
    assert the_call().quorum == call.quorum
    asked.form().submit("Yes, save")
    assert the_call().quorum == 3


def test_what_others_have_acted_on_does_not_look_editable(chair, call, the_call, clock):
    clock.move_to(call.review_opens_at)
    page = chair().get(f"{CALL}/settings")
    assert not {"zone", "opens_at", "closes_at", "review_opens_at"} & set(page.form().names)
    assert "Reviews begin" in page.one("[data-fixed]").get_text()
    assert page.form().fill(quorum="9").submit().url == f"{CALL}/"
    assert the_call().quorum == 9


def test_in_mid_ballot_the_text_alone_can_be_changed(chair, writing, call, the_call, clock):
    with writing() as session:
        make_member(session)
        here = session.get_one(HostingCall, call.id)
        make_proposal(session, here)
        shortlist_all(session, here)
        begin_ballot(session, here)
    clock.move_to(call.ballot_opens_at)
    form = chair().get(f"{CALL}/settings").form()
    editable = {name for name in form.names if not name.startswith(("criteria", "csrf"))}
    assert editable == {"text", "proposals_public"}
    form.fill(text="More about it").submit()
    assert the_call().text == "More about it"


def test_a_form_that_was_opened_before_the_call_moved_on_loses_nothing(chair, call, the_call, clock):
    clock.move_to(call.review_opens_at - timedelta(minutes=1))
    form = chair().get(f"{CALL}/settings").form()
    form.fill(review_opens_at="2026-11-12T12:00", quorum="9")
    clock.move_to(call.review_opens_at)
    page = form.submit()
    assert page.status == 422
    assert "“Reviews begin” can no longer be changed" in page.text
    assert "review_opens_at" not in page.form().names
    assert page.form().submit().url == f"{CALL}/"
    assert (the_call().quorum, the_call().review_opens_at) == (9, call.review_opens_at)


def test_criteria_are_no_fields_any_more_once_somebody_scored(chair, writing, call, clock):
    with writing() as session:
        proposal = make_proposal(session, session.get_one(HostingCall, call.id))
        reviewer = make_reviewer(session)
        scores = {criterion.id: Given(3) for criterion in proposal.call.criteria}
        give_review(session, proposal.id, reviewer.id, scores, None, call.review_opens_at)
    clock.move_to(call.review_opens_at)
    page = chair().get(f"{CALL}/settings")
    assert "criteria-0-label" not in page.form().names
    assert "can no longer be changed, because scores have been given" in page.text
    assert page.form().fill(quorum="1").submit().status == 200


# Extending and closing


def later(call, **distance) -> str:
    return f"{in_zone(call.closes_at, call.zone) + timedelta(**distance):%Y-%m-%dT%H:%M}"


def test_extending_says_what_moves_and_who_is_told_before_it_is_done(chair, writing, call, the_call):
    with writing() as session:
        make_proposal(session, session.get_one(HostingCall, call.id))
        make_reviewer(session)
    page = chair().get(f"{CALL}/extend").form().fill(closes_at=later(call, days=3)).submit()
    assert the_call().closes_at == call.closes_at
    assert len(page.all("tbody tr")) == 5 and "2 people will be told" in page.text
    page = page.form().submit("accepted")
    assert page.url == f"{CALL}/"
    moved = the_call()
    assert moved.closes_at == call.closes_at + timedelta(days=3)
    assert moved.ballot_closes_at == call.ballot_closes_at + timedelta(days=3)


def test_another_moment_than_the_one_that_was_shown_is_shown_first(chair, call, the_call):
    page = chair().get(f"{CALL}/extend").form().fill(closes_at=later(call, days=3)).submit()
    page = page.form().fill(closes_at=later(call, days=4)).submit("accepted")
    assert "What changes" in page.text and the_call().closes_at == call.closes_at


def test_an_earlier_close_is_no_extension(chair, call, the_call):
    page = chair().get(f"{CALL}/extend").form().fill(closes_at=later(call, days=-1)).submit()
    assert page.status == 422
    assert "later than the one that was announced" in page.text
    assert the_call().closes_at == call.closes_at


def test_an_extension_that_moves_the_ballot_past_the_year_of_the_edition_is_refused(chair, call, the_call):
    page = chair().get(f"{CALL}/extend").form().fill(closes_at="2062-01-01T00:00").submit()
    assert page.status == 422
    assert f"the ballot would close after {YEAR}" in page.one("#closes_at-error").text
    assert page.form().value("closes_at") == "2062-01-01T00:00" and "What changes" not in page.text
    assert the_call().closes_at == call.closes_at


def test_after_the_review_has_begun_nothing_is_extended(chair, call, clock):
    clock.move_to(call.review_opens_at)
    page = chair().get(f"{CALL}/extend")
    assert page.status == 403
    assert "until reviews begin" in page.text


def test_closing_says_how_many_drafts_are_left_behind(chair, writing, call, the_call):
    with writing() as session:
        make_proposal(session, session.get_one(HostingCall, call.id), ProposalStatus.DRAFT)
    page = chair().get(f"{CALL}/close")
    assert "1 draft has not been submitted" in page.text
    page = page.form(f"{CALL}/close").submit()
    assert "The call has been closed" in page.text
    assert the_call().closes_at == NOW


# Review and shortlist


def test_beginning_the_review_tells_exactly_those_who_were_named(chair, writing, reading, call, clock):
    with writing() as session:
        here = session.get_one(HostingCall, call.id)
        submitted = [make_proposal(session, here) for _ in range(2)]
        draft = make_proposal(session, here, ProposalStatus.DRAFT)
    assert "The call is open until" in chair().get(f"{CALL}/start-review").text
    clock.move_to(call.closes_at)
    page = chair().get(f"{CALL}/start-review")
    assert "2 proposers will be told" in page.text
    assert draft.proposer not in page.text
    page.form(f"{CALL}/start-review").submit()
    assert "under review." not in page.form(f"{CALL}/start-review").submit().text
    assert statuses(reading) == ["under_review", "under_review", "draft"]
    with reading() as session:
        assert [mail_to(session, p.contact_email)[-1] for p in submitted] == ["proposal-status"] * 2
        assert "proposal-status" not in mail_to(session, draft.contact_email)


def test_who_reviews_is_told_only_if_somebody_still_can(chair, writing, call, clock):
    page = f"{CALL}/start-review"
    with writing() as session:
        make_reviewer(session, make_member(session, "danube"))
        make_proposal(session, session.get_one(HostingCall, call.id), member="danube")
    clock.move_to(call.closes_at)
    assert "nobody on the board may review these" in chair().get(page).text
    with writing() as session:
        make_reviewer(session)
    assert "1 reviewer will be told" in chair().get(page).text
    clock.move_to(call.review_closes_at)
    assert "reviews have ended" in chair().get(page).text


def test_what_waits_for_the_chair_is_not_said_to_be_under_review(chair, writing, call, clock):
    with writing() as session:
        make_member(session, name="Danube Cluster")
        make_proposal(session, session.get_one(HostingCall, call.id), organisation="Danube Cluster")
    clock.move_to(call.closes_at)
    page = chair().get(f"{CALL}/start-review")
    assert "1 proposal is waiting until you have settled" in page.text and "already under review" not in page.text


def test_why_the_review_cannot_begin_is_said_as_the_call_stands(chair, writing, call, clock):
    """Of every later stage it was said that the call is open, and to be closed first."""
    path = f"{CALL}/start-review"
    clock.move_to(call.closes_at)
    with writing() as session:
        make_member(session)
        make_proposal(session, session.get_one(HostingCall, call.id), now=NOW)
    opened = chair().get(path)
    with writing() as session:
        here = session.get_one(HostingCall, call.id)
        here.closes_at = here.review_opens_at = call.closes_at + timedelta(days=1)
    refused = opened.form(path).submit()
    assert refused.url == path and "The call is open until" in refused.text
    with writing() as session:
        here = session.get_one(HostingCall, call.id)
        shortlist_all(session, here)
        begin_ballot(session, here)
    clock.move_to(call.ballot_opens_at)
    said = chair().get(path).text
    assert "Members vote until" in said and "open until" not in said


def test_the_shortlist_is_what_was_ticked(chair, writing, reading, call, clock):
    with writing() as session:
        first, second = (make_proposal(session, session.get_one(HostingCall, call.id)) for _ in range(2))
    assert chair().get(f"{CALL}/shortlist").status == 403
    clock.move_to(call.closes_at)
    browser = chair()
    assert "No proposals are under review" in browser.get(f"{CALL}/shortlist").text
    browser.get(f"{CALL}/start-review").form(f"{CALL}/start-review").submit()
    browser.get(f"{CALL}/shortlist").form().fill(references=[second.reference]).submit()
    assert statuses(reading) == ["under_review", "shortlisted"]
    browser.get(f"{CALL}/shortlist").form().fill(references=[first.reference]).submit()
    assert statuses(reading) == ["shortlisted", "under_review"]
    forged = browser.get(f"{CALL}/shortlist").form().forge(references=["AAAA-AAAA"]).submit()
    assert forged.status == 422 and "AAAA-AAAA. Check the list again." in forged.text
    assert statuses(reading) == ["shortlisted", "under_review"]


def test_the_shortlist_stays_once_members_vote(chair, writing, call, clock):
    with writing() as session:
        make_member(session)
        here = session.get_one(HostingCall, call.id)
        make_proposal(session, here)
        shortlist_all(session, here)
        begin_ballot(session, here)
    clock.move_to(call.ballot_opens_at)
    page = chair().get(f"{CALL}/shortlist")
    assert page.status == 403
    assert "until the ballot opens" in page.text


def test_a_call_that_is_not_there_is_not_found(chair):
    for path in ("", "settings", "extend", "close", "start-review", "shortlist", "decision", "announce", "compare"):
        assert chair().get(f"{CALL}/{path}").status == 404


def test_an_empty_call_is_deleted_after_asking_and_another_is_not(chair, writing, call):
    page = chair().get(f"{CALL}/").follow("Delete the call")
    page = page.form(f"{CALL}/delete").submit()
    assert page.url == "/organise/hosting/" and f"hosts {YEAR} has been deleted" in page.text
    with writing() as session:
        make_proposal(session, make_call(session), ProposalStatus.DRAFT)
    page = chair().get(f"{CALL}/delete")
    assert "1 proposal has been started" in page.text and not page.all("main form")


def test_the_trail_of_a_call_is_told_in_words_to_the_chair(chair, writing, call):
    with writing() as session:
        here = session.get_one(HostingCall, call.id)
        proposal = make_proposal(session, here)
        make_member(session, "danube")
    later_close = later(call, days=3)
    chair().get(f"{CALL}/extend").form().fill(closes_at=later_close).submit().form().submit("accepted")
    page = chair().get(f"{CALL}/").follow("Audit: who did what")
    told = [row.select_one("th").get_text(" ", strip=True) for row in page.all("tbody tr")]
    assert told[0].startswith("Extended the call") and "The call closes:" in told[0]
    assert told[1:4] == ["Submitted the proposal", "Started a proposal", "Created the call"]
    assert proposal.proposer in page.text and "_" not in " ".join(told)
