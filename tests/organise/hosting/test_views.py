"""The page on which each finds what is to be done about hosting."""

import pytest
import time_machine
from sqlalchemy import select

from dofc_events.accounts.rules import RoleName
from dofc_events.core.audit import COMMAND, WORKER
from dofc_events.hosting.ballots.service import cast_ballot, close_ballot
from dofc_events.hosting.calls.service import start_review
from dofc_events.hosting.members.service import MemberDetails, add_representative, change_member
from dofc_events.hosting.models import HostingCall
from dofc_events.hosting.proposals.service import PROPOSER, withdraw_proposal
from dofc_events.hosting.queries import ballot_token, token_of
from dofc_events.mail.models import Message
from tests.support.databases import count_queries
from tests.support.factories import NOW, make_account, make_edition
from tests.support.hosting import (
    WEEK,
    YEAR,
    begin_ballot,
    make_call,
    make_member,
    make_proposal,
    make_representative,
    make_reviewer,
    shortlist_all,
)

DESK = "/organise/hosting/"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def people(writing):
    """A chair, a reviewer and a representative of the Danube Cluster."""
    with writing() as session:
        danube = make_member(session, "danube", name="Danube Cluster")
        return {
            "chair": make_account(session, role=RoleName.CHAIR),
            "reviewer": make_reviewer(session, danube),
            "representative": make_representative(session, danube),
        }


def test_pages_are_for_the_chair_reviewers_and_representatives(client, writing, people, sign_in):
    with writing() as session:
        edition = make_edition(session)
        organiser = make_account(session, role=RoleName.ORGANISER, edition=edition)
    assert client.get(DESK).url == "/sign-in"
    assert sign_in(organiser).get(DESK).status == 403
    for account in people.values():
        browser = sign_in(account)
        assert browser.get(DESK).status == 200
        assert DESK in {link["href"] for link in browser.get("/organise/").all("main a")}


def test_the_chair_opens_the_first_call_from_an_empty_page(client, people, sign_in):
    page = sign_in(people["chair"]).get(DESK)
    assert "no calls for hosts yet" in page.text
    assert page.link("New call for hosts") == "/organise/hosting/calls/new"
    assert "New call" not in sign_in(people["reviewer"]).get(DESK).text


def test_a_reviewer_finds_what_waits_for_a_review_and_not_the_own_proposal(client, writing, people, sign_in, clock):
    with writing() as session:
        call = make_call(session)
        make_proposal(session, call, organisation="Brno Cluster")
        make_proposal(session, call, member="danube", organisation="")
    browser = sign_in(people["reviewer"])
    assert "For you to do" not in browser.get(DESK).text
    clock.move_to(call.review_opens_at)
    page = sign_in(people["reviewer"]).get(DESK)
    assert [item.get_text() for item in page.all(".attention a")] == ["Review Brno Cluster"]
    first = page.client.get("/organise/")
    assert [item.get_text() for item in first.all(".attention a")] == ["1 proposal is waiting for your review"]


def test_a_representative_is_led_to_the_ballot_of_the_member(client, writing, people, sign_in, clock):
    with writing() as session:
        call = make_call(session, now=NOW - 2 * WEEK)
        proposal = make_proposal(session, call, now=NOW - 2 * WEEK)
        shortlist_all(session, call)
        voter = begin_ballot(session, call)["danube"]
    browser = sign_in(people["representative"])
    page = browser.get(DESK)
    assert "Danube Cluster has not voted yet" in page.text
    assert page.link("Go to the ballot") == f"/organise/hosting/ballots/{voter.id}"
    assert page.follow("Compare the proposals").status == 200
    assert browser.get("/organise/").link("Go to the ballot") == page.link("Go to the ballot")
    with writing() as session:
        account = people["representative"].id
        cast_ballot(session, voter.id, account, [proposal.reference], None, NOW)
    assert "Danube Cluster has voted" in browser.get(DESK).text
    assert "For you to do" not in browser.get("/organise/").text
    clock.move_to(call.ballot_closes_at)
    assert "nothing for you to do" in sign_in(people["representative"]).get(DESK).text


def test_a_call_says_to_the_chair_alone_who_has_voted(client, writing, people, sign_in):
    with writing() as session:
        call = make_call(session, now=NOW - 2 * WEEK)
        make_proposal(session, call, now=NOW - 2 * WEEK)
        shortlist_all(session, call)
        danube = begin_ballot(session, call)["danube"].organisation_id
        chair = people["chair"]
        add_representative(session, danube, chair.email, chair.name, RoleName.MEMBER, COMMAND, NOW)
    address = f"/organise/hosting/calls/{YEAR}/"
    seen = sign_in(chair).get(address).text
    assert (
        "Danube Cluster: not yet · representatives changed while members voted · also represented by the chair" in seen
    )
    assert "Members who have voted" not in sign_in(people["reviewer"]).get(address).text
    assert sign_in(people["representative"]).get(address).status == 403


def test_one_turnout_is_told_everywhere_and_what_does_not_count(client, app, writing, people, sign_in, clock):
    with writing() as session:
        call = make_call(session, now=NOW - 2 * WEEK)
        gone, left = (make_proposal(session, call, now=NOW - 2 * WEEK) for _ in range(2))
        voting = {
            "danube": people["representative"],
            **{slug: make_representative(session, make_member(session, slug, name=slug.upper())) for slug in "abc"},
        }
        shortlist_all(session, call)
        roll = begin_ballot(session, call)
        for slug, proposal in (("danube", gone), ("a", left), ("b", left)):
            cast_ballot(session, roll[slug].id, voting[slug].id, [proposal.reference], None, NOW)
        withdraw_proposal(session, gone.id, PROPOSER, NOW)
        details = MemberDetails(name="B", country="CZ", is_active=False)
        change_member(session, roll["b"].organisation_id, details, COMMAND, NOW)
    address = f"/organise/hosting/calls/{YEAR}/"
    page = sign_in(people["chair"]).get(address)
    assert "3 of 4 members have voted; the quorum is 2." in page.text and "C: not yet" in page.text
    clock.move_to(call.ballot_closes_at)
    assert "C: did not vote" in sign_in(people["chair"]).get(address).text
    with writing() as session:
        close_ballot(session, call.id, WORKER, call.ballot_closes_at)
        told = select(Message).where(Message.recipient == people["chair"].email).order_by(Message.id.desc())
        email = " ".join(session.scalars(told).first().text.split())
    empty = "1 ballot ranked only proposals that had been withdrawn, and does not count."
    browser = sign_in(people["chair"])
    for text in (browser.get(address).text, browser.get(f"{address}decision").text, email):
        assert "3 of 4 members voted. Ballots that count: 1. The quorum of 2 was not reached." in text
        assert empty in text and "1 ballot is from a member made inactive, and does not count." in text
    assert "C: did not vote" in browser.get(address).text and "not yet" not in browser.get(address).text
    result = client.get(f"/hosting/{YEAR}/result")
    assert [tag.get_text() for tag in result.all(".figures dd")] == ["3", "1", "4", "2"] and empty in result.text
    with app.app_context():
        links = {slug: f"/hosting/vote/{ballot_token(roll[slug], voting[slug].id)}" for slug in ("danube", "a", "c")}
    for slug, said in (("danube", True), ("a", True), ("c", False)):
        page = client.another().get(links[slug])
        assert (f"{empty} Nobody can see whose." in page.text) == said


def test_ballots_of_which_none_counts_are_not_told_as_if_nobody_had_voted(client, writing, people, sign_in, clock):
    with writing() as session:
        call = make_call(session, now=NOW - 2 * WEEK)
        gone, _left = (make_proposal(session, call, now=NOW - 2 * WEEK) for _ in range(2))
        shortlist_all(session, call)
        voter = begin_ballot(session, call)["danube"]
        cast_ballot(session, voter.id, people["representative"].id, [gone.reference], None, NOW)
        withdraw_proposal(session, gone.id, PROPOSER, NOW)
        close_ballot(session, call.id, WORKER, call.ballot_closes_at)
    clock.move_to(call.ballot_closes_at)
    result = client.get(f"/hosting/{YEAR}/result")
    assert "No ballot counts, so there is no winner." in result.text and "obody voted" not in result.text
    form = sign_in(people["chair"]).get(f"/organise/hosting/calls/{YEAR}/decision").form()
    assert "No ballot counts. Write why" in form.fill(accepted="none").submit().text


def test_the_page_takes_as_many_queries_for_thirty_calls_and_proposals_as_for_one(client, writing, people, sign_in):
    browsers = [sign_in(people[name]) for name in ("chair", "reviewer")]
    with writing() as session:
        call = make_call(session, now=NOW - WEEK)
        make_proposal(session, call, now=NOW - WEEK)
    with count_queries() as one:
        for browser in browsers:
            browser.get(DESK)
    with writing() as session:
        for number in range(1, 6):
            make_call(session, YEAR + number, now=NOW - WEEK)
        for _ in range(29):
            make_proposal(session, session.get_one(HostingCall, call.id), now=NOW - WEEK)
    with count_queries() as thirty:
        for browser in browsers:
            browser.get(DESK)
    assert len(one) == len(thirty)


def test_one_unsettled_proposal_holds_up_itself_alone_and_everybody_reads_why(writing, people, sign_in, client, clock):
    with writing() as session:
        call = make_call(session)
        held = make_proposal(session, call, organisation="Danube Cluster Ltd")
        make_proposal(session, call, organisation="Brno Foundry")
        start_review(session, call.id, COMMAND, call.review_opens_at)
    with client.app.app_context():
        own = f"/hosting/proposals/{token_of(held)}/"
    clock.move_to(call.review_opens_at)
    page = sign_in(people["reviewer"]).get(DESK)
    assert "Review Brno Foundry" in page.text and "Danube Cluster Ltd" not in page.text
    assert "The chair is settling whether Danube Cluster Ltd is a member" in client.get(own).text
    for at, decides in ((call.review_opens_at, False), (call.ballot_closes_at, True)):
        clock.move_to(at)
        page = sign_in(people["chair"]).get(f"{DESK}calls/{YEAR}/")
        assert "1 proposal can be neither reviewed nor put on the shortlist" in page.text
        assert "Set the shortlist" in page.text and "Begin the review" not in page.text
        assert ("Prepare the decision" in page.text) is decides
    assert "Only a proposal on the shortlist can be accepted" in page.follow("Prepare the decision").text
    assert "Begin the review" not in page.client.get(DESK).text
