"""The public pages about hosting, through HTTP."""

import json
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from dofc_events.core.audit import COMMAND, WORKER
from dofc_events.hosting.ballots import rules as rule
from dofc_events.hosting.ballots.service import cast_ballot, close_ballot
from dofc_events.hosting.calls.service import change_call, close_call, details_of
from dofc_events.hosting.models import HostingCall, Proposal
from dofc_events.hosting.proposals.service import PROPOSER, withdraw_proposal
from dofc_events.hosting.queries import token_of
from dofc_events.hosting.rules import ProposalStatus
from tests.support.databases import count_queries
from tests.support.factories import NOW
from tests.support.hosting import (
    WEEK,
    YEAR,
    begin_ballot,
    mail_to,
    make_call,
    make_member,
    make_proposal,
    make_representative,
    shortlist_all,
)

RESULT = f"/hosting/{YEAR}/result"
BALLOTS = f"/hosting/{YEAR}/ballots.json"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def open_call(writing):
    """`open_call(proposals_public=True)`: a call with a draft for Zlín, and for Brno a submitted proposal."""

    def open_call(**changes) -> HostingCall:
        with writing() as session:
            call = make_call(session, **changes)
            make_proposal(session, call, ProposalStatus.DRAFT, city="Zlín")
            make_proposal(session, call, city="Brno", funding="Secret funds", contact_name="Jana Secret")
            return call

    return open_call


@pytest.fixture
def ballot(writing, clock):
    """A ballot that three members voted in, not yet over: Brno before Lyon, Lyon before Brno, none before Brno."""
    with writing() as session:
        call = make_call(session, quorum=2)
        people = {}
        for slug in ("a", "b", "c", "d"):
            member = make_member(session, slug)
            people[slug] = make_representative(session, member)
        for city in ("Brno", "Lyon"):
            make_proposal(session, call, city=city)
        shortlist_all(session, call)
        voters = begin_ballot(session, call)
        at = dict(session.execute(select(Proposal.city, Proposal.reference)).all())
        for slug, ranking in {
            "a": [at["Brno"], at["Lyon"]],
            "b": [at["Lyon"], at["Brno"], "none"],
            "c": ["none", at["Brno"]],
        }.items():
            cast_ballot(session, voters[slug].id, people[slug].id, ranking, PROPOSER, call.ballot_opens_at)
    clock.move_to(call.ballot_opens_at)
    return call


@pytest.fixture
def over(ballot, writing, clock):
    """The same, when it is over and counted."""
    clock.move_to(ballot.ballot_closes_at)
    with writing() as session:
        close_ballot(session, ballot.id, WORKER, ballot.ballot_closes_at)
    return ballot


# The call


def test_an_open_call_says_what_it_is_about_and_until_when(client, open_call):
    open_call()
    page = client.get("/").follow("The call for hosts")
    assert page.h1 == "Who will host the Days of Clusters 2029?"
    for said in ("next host", "Belgrade time", "Funding", "weight 3", "at least 2 members"):
        assert said in page.text
    assert page.follow("Make a proposal").status == 200


def test_proposals_are_not_shown_while_the_call_is_open_nor_counted(client, open_call):
    open_call()
    page = client.get("/hosting/")
    assert "Brno" not in page.text and "neither the proposals nor their number are shown" in page.text


def test_public_proposals_are_shown_without_drafts_contacts_and_money(client, open_call):
    open_call(proposals_public=True)
    page = client.get("/hosting/")
    assert "Brno" in page.text and "Zlín" not in page.text
    assert "Secret" not in page.text and "48,000" not in page.text


def test_what_was_agreed_to_as_not_public_stays_so_until_its_proposer_agrees(client, open_call, writing, reading):
    """One tick showed all proposals to everyone."""
    call = open_call()
    with writing() as session:
        change_call(session, call.id, replace(details_of(call), proposals_public=True), COMMAND, NOW)
        make_proposal(session, session.get_one(HostingCall, call.id), city="Lyon")
        proposal = session.scalars(select(Proposal).where(Proposal.city == "Brno")).one()
        own = f"/hosting/proposals/{token_of(proposal)}/"
        assert mail_to(session, proposal.contact_email)[-1] == "proposal-status"

    def shown() -> list[str]:
        return [tag.get_text().split(",")[0] for tag in client.get("/hosting/").all("article h3")]

    assert shown() == ["Lyon"]
    client.get(own).form("/public").submit("Let everyone read it")
    assert shown() == ["Brno", "Lyon"]
    client.get(own).form("/public").submit("Stop showing it")
    assert shown() == ["Lyon"]


@pytest.mark.parametrize(
    ("weeks", "said"),
    [
        (-2, "Proposals can be submitted from"),
        (0, "Proposals can be submitted until"),
        (1, "being reviewed"),
        (2, "will vote on a shortlist"),
        (3, "No ballot took place"),
    ],
)
def test_the_page_says_where_the_call_stands(client, open_call, clock, weeks, said):
    open_call()
    clock.move_to(NOW + weeks * WEEK)
    page = client.get("/hosting/")
    assert said in page.one(".lead").get_text()
    assert bool(page.all("a.btn-primary[href*=propose]")) is (weeks == 0)
    assert ("Who will host" in client.get("/").text) is (weeks >= 0)


@pytest.mark.parametrize("path", ["/hosting/", "/"])
def test_nothing_is_being_reviewed_before_the_review_begins(client, open_call, writing, clock, path):
    open_call()
    with writing() as session:
        call_id = session.scalars(select(HostingCall.id)).one()
        close_call(session, call_id, COMMAND, NOW)
    page = client.get(path)
    assert "The proposals will be reviewed from" in page.text and "being reviewed" not in page.text


def test_without_a_call_the_page_says_so(client):
    assert "no open call for hosts at the moment" in client.get("/hosting/").text
    assert "Who will host" not in client.get("/").text


def test_each_of_two_open_calls_has_its_page_and_its_form(client, writing):
    """The text of the other one stood nowhere, and nothing led to its form."""
    with writing() as session:
        make_call(session)
        make_call(session, YEAR + 1, opens_at=NOW - 2 * WEEK, text="Who is **after** that?")
    page = client.get("/hosting/")
    other = page.follow("Days of Clusters 2030")
    assert other.url == "/hosting/?year=2030" and "Who is after that?" in other.text
    for form in (page.follow("Propose to host in 2030"), other.follow("Make a proposal")):
        assert form.h1 == "Propose to host the Days of Clusters 2030"
        assert form.follow("Call for hosts").url == other.url
    for year in ("2031", "x", "9" * 30):
        assert client.get(f"/hosting/?year={year}").status == 404


@pytest.mark.parametrize("path", ["/", "/hosting/"])
def test_the_pages_cost_the_same_for_one_call_and_for_ten(client, writing, path):
    counts = []
    for years in ([2029], range(2030, 2039)):
        with writing() as session:
            for year in years:
                call = make_call(session, year, proposals_public=True)
                make_proposal(session, call)
        with count_queries() as queries:
            assert client.get(path).status == 200
        counts.append(len(queries))
    assert counts[0] == counts[1], counts


# The ballot


def test_nothing_of_a_ballot_is_said_before_it_is_over(client, ballot):
    page = client.get(RESULT)
    assert page.status == 200 and "vote until" in page.text and rule.hash_of(ballot.seed) in page.text
    for untold in ("Brno", "Lyon", ballot.seed, "voted"):
        assert untold not in page.text
    assert client.get(BALLOTS).status == 404
    assert client.get(f"/hosting/{YEAR}/count.py").status == 200


def test_between_the_close_and_the_count_nothing_is_said_either(client, ballot, clock):
    clock.move_to(ballot.ballot_closes_at)
    page = client.get(RESULT)
    assert "is being counted" in page.text and ballot.seed not in page.text
    assert client.get(BALLOTS).status == 404


def test_the_result_says_turnout_places_and_comparisons(client, over):
    page = client.get(RESULT)
    assert [tag.get_text() for tag in page.all(".figures dd")] == ["3", "3", "4", "2"]
    assert "First: Brno" in page.text and "quorum was reached" in page.text and "Schulze" in page.text
    places = [item.get_text().split(",")[0] for item in page.all("#count ~ ol > li strong")]
    assert places == ["Brno", "Lyon", "None of these"]
    preferred = page.all("table")[0]
    assert len(preferred.select("tbody tr")) == 3
    assert over.seed in page.text and "has not been announced" in page.text


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        ("review_opens_at", "It will not be on the ballot."),
        ("ballot_opens_at", "Ballots that rank it will be counted as if it had never been on the ballot."),
        ("ballot_closes_at", "The ballots have been counted, and will not be counted again."),
    ],
)
def test_who_withdraws_is_told_what_that_does_at_this_stage(client, app, open_call, writing, clock, moment, said):
    call = open_call()
    with writing() as session:
        brno = session.scalars(select(Proposal).where(Proposal.city == "Brno")).one()
        shortlist_all(session, call)
        if "ballot" in moment:
            begin_ballot(session, call)
        close_ballot(session, call.id, WORKER, getattr(call, moment))
    clock.move_to(getattr(call, moment))
    with app.app_context():
        page = client.get(f"/hosting/proposals/{token_of(brno)}/withdraw")
    assert said in page.text and page.text.count("ballot") == said.count("ballot")


def test_who_was_told_so_before_the_count_and_withdraws_after_it_is_asked_again(client, app, ballot, writing, clock):
    with writing() as session, app.app_context():
        own = f"/hosting/proposals/{token_of(session.scalars(select(Proposal).where(Proposal.city == 'Brno')).one())}/"
    form = client.get(f"{own}withdraw").form()
    with writing() as session:
        close_ballot(session, ballot.id, WORKER, ballot.ballot_closes_at)
    clock.move_to(ballot.ballot_closes_at)
    page = form.submit()
    assert page.status == 422 and "will not be counted again" in page.text and "has moved on" in page.text
    assert page.form().submit().url == own


def test_the_result_names_what_has_been_withdrawn_since_the_count(client, over, writing):
    assert "Withdrawn since" not in client.get(RESULT).text
    with writing() as session:
        brno = session.scalars(select(Proposal).where(Proposal.city == "Brno")).one()
        withdraw_proposal(session, brno.id, PROPOSER, over.ballot_closes_at)
    page = client.get(RESULT)
    assert "First: Brno" in page.text and f"Withdrawn since the count: Brno, {brno.proposer}." in page.text


def test_a_quorum_that_was_not_reached_is_said(client, over, writing):
    with writing() as session:
        call = session.get_one(HostingCall, over.id)
        call.quorum, call.empty_ballots = 4, 1
    page = client.get(RESULT)
    assert "quorum was not reached" in page.text
    assert "1 ballot ranked only proposals that had been withdrawn, and does not count." in page.text


def test_the_published_files_count_again_to_the_published_result(client, over, tmp_path):
    page = client.get(RESULT)
    for name, link in (("count.py", "Download the program"), ("ballots.json", "Download the ballots")):
        file = client.get(page.link(link))
        assert file.headers["Content-Disposition"] == f'attachment; filename="{name}"'
        (tmp_path / name).write_bytes(file.data)
    document = json.loads((tmp_path / "ballots.json").read_text())
    assert len(document["ballots"]) == 3 and not any("member" in ballot for ballot in document["ballots"])
    ran = subprocess.run(
        [sys.executable, "-I", "count.py", "ballots.json"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0 and "This is the published result." in ran.stdout


def test_a_year_without_a_call_has_no_result(client):
    for path in (RESULT, BALLOTS, f"/hosting/{YEAR}/count.py"):
        assert client.get(path).status == 404


def test_a_call_without_a_shortlist_has_no_ballot_and_says_so(client, open_call, clock):
    call = open_call()
    clock.move_to(call.ballot_closes_at + timedelta(days=1))
    assert "No ballot took place" in client.get(RESULT).text
