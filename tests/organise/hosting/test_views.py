"""The page on which each finds what is to be done about hosting."""

import pytest
import time_machine

from dofc_events.accounts.rules import RoleName
from dofc_events.core.audit import COMMAND
from dofc_events.hosting.ballots.service import cast_ballot
from dofc_events.hosting.members.service import add_representative
from dofc_events.hosting.models import HostingCall
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
