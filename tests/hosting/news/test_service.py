"""Who else is told: the chair, reviewers, voters, the last host; and who is reminded before a deadline."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from dofc_events.accounts.queries import account_by_email
from dofc_events.commands.timers import run_timers
from dofc_events.core.audit import COMMAND, WORKER
from dofc_events.hosting.ballots.service import cast_ballot, close_ballot
from dofc_events.hosting.calls.service import extend_call
from dofc_events.hosting.co_hosts.service import CO_HOST, confirm_co_host
from dofc_events.hosting.decisions.service import announce_decision, prepare_decision
from dofc_events.hosting.models import HostingCall
from dofc_events.hosting.news.queries import call_matters
from dofc_events.hosting.proposals.service import PROPOSER, withdraw_proposal
from dofc_events.hosting.rules import ProposalStatus
from dofc_events.mail.models import Message
from tests.support.factories import NOW, make_account, make_edition
from tests.support.hosting import (
    WEEK,
    begin_ballot,
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

DAY = timedelta(days=1)


@pytest.fixture
def run(app):
    """`run(at)`: what the worker does at that moment."""

    def timers(at) -> None:
        with app.app_context():
            run_timers(at)

    return timers


def test_the_chair_is_told_of_what_is_received_and_counted(session):
    make_account(session, "chair@dofc.test")
    call = make_call(session)
    make_member(session)
    make_proposal(session, call)
    assert mail_to(session, "chair@dofc.test") == ["proposal-received"]
    shortlist_all(session, call)
    begin_ballot(session, call)
    close_ballot(session, call.id, WORKER, call.ballot_closes_at)
    assert mail_to(session, "chair@dofc.test") == ["proposal-received", "ballot"]


@pytest.mark.parametrize(
    ("at", "prepared", "to_chair", "to_board"),
    [
        ("closes_at", "", "no further part in the call. Its reviews are no longer shown.", ""),
        ("ballot_opens_at", "", "Ballots will be counted as if it had never been on them.", ""),
        ("ballot_closes_at", "", "Please prepare the decision without it.", "The ballots had already been counted"),
        ("ballot_closes_at", "gone", "Please prepare a new decision", "The ballots had already been counted"),
        ("ballot_closes_at", "other", "The decision already prepared still stands", "The ballots had already been"),
    ],
)
def test_a_withdrawal_says_what_it_does_at_this_stage_and_what_the_chair_does_next(
    session, at, prepared, to_chair, to_board
):
    make_account(session, "chair@dofc.test")
    make_reviewer(session, email="board@dofc.test")
    call = make_call(session)
    proposals = {name: make_proposal(session, call) for name in ("gone", "other")}
    shortlist_all(session, call)
    if "ballot" in at:
        begin_ballot(session, call)
    now = getattr(call, at)
    close_ballot(session, call.id, WORKER, now)
    if prepared:
        words: dict[str, Any] = {"zone": "", "words_to_host": "", "words_to_others": "", "reason": "Nobody voted."}
        reference = proposals[prepared].reference
        prepare_decision(session, call.id, reference=reference, **words, actor=COMMAND, now=now)
    withdraw_proposal(session, proposals["gone"].id, PROPOSER, now)
    kind = select(Message).where(Message.queued_at == now, Message.kind == "proposal-status")
    texts = {message.recipient: " ".join(message.text.split()) for message in session.scalars(kind)}
    chair, board = texts["chair@dofc.test"], texts["board@dofc.test"]
    assert to_chair in chair and (to_board or to_chair) in board and "decision" not in board
    assert ("/decision" in chair) == bool(to_board)
    assert ("never been on them" in chair) == ("never been on them" in board) == (at == "ballot_opens_at")


def test_the_outcome_is_told_once_to_each_who_judged_or_voted_and_to_the_last_host(session):
    make_account(session, "last@dofc.test", "organiser", edition=make_edition(session, year=2027))
    call, member = make_call(session), make_member(session)
    both = make_reviewer(session, member, email="board@dofc.test")
    make_representative(session, member, email="votes@dofc.test")
    proposal = make_proposal(session, call)
    shortlist_all(session, call)
    begin_ballot(session, call)
    close_ballot(session, call.id, WORKER, call.ballot_closes_at)
    words: dict[str, Any] = {"zone": "", "words_to_host": "", "words_to_others": "", "reason": "Nobody voted."}
    at = call.ballot_closes_at
    prepare_decision(session, call.id, reference=proposal.reference, **words, actor=COMMAND, now=at)
    before = {to: len(mail_to(session, to)) for to in ("last@dofc.test", both.email, "votes@dofc.test")}
    announce_decision(session, call.id, COMMAND, at)
    assert {to: len(mail_to(session, to)) - n for to, n in before.items()} == dict.fromkeys(before, 1)
    kind = select(Message).where(Message.queued_at == at, Message.kind == "proposal-status")
    texts = {message.recipient: message.text for message in session.scalars(kind)}
    assert "/hand-over" in texts["last@dofc.test"] and "nothing for you to do" not in texts["last@dofc.test"]
    assert "/hand-over" not in texts[both.email]


def test_no_email_speaks_of_a_result_where_no_ballot_took_place(session):
    call, voter = make_call(session), make_representative(session, make_member(session))
    proposal, at = make_proposal(session, call), call.ballot_closes_at
    words: dict[str, Any] = {"zone": "", "words_to_host": "", "words_to_others": "", "reason": "Too few."}
    prepare_decision(session, call.id, reference=None, **words, actor=COMMAND, now=at)
    announce_decision(session, call.id, COMMAND, at)
    for to in (voter.email, proposal.contact_email):
        said = session.scalars(select(Message).where(Message.queued_at == at, Message.recipient == to)).one()
        for part in (said.text, said.html):
            assert "/result" in part and "result of the ballot" not in part and "repeat the count" not in part


def test_co_hosts_that_have_confirmed_are_told_once_what_was_decided_and_get_no_account(session):
    call = make_call(session)
    voter = make_representative(session, make_member(session, "lyon", name="Lyon Cluster"))
    one = make_proposal(session, call, co_hosts="Museum, m@brno.test\nLyon Cluster\nOpera, o@brno.test")
    two = make_proposal(session, call, co_hosts="Lyon Cluster")
    for co_host in (*one.asked_co_hosts[:2], *two.asked_co_hosts):
        confirm_co_host(session, co_host.id, CO_HOST, NOW)
    shortlist_all(session, call)
    begin_ballot(session, call)
    at = call.ballot_closes_at
    close_ballot(session, call.id, WORKER, at)
    words: dict[str, Any] = {"zone": "", "words_to_host": "", "words_to_others": "", "reason": "Nobody voted."}
    prepare_decision(session, call.id, reference=one.reference, **words, actor=COMMAND, now=at)
    announce_decision(session, call.id, COMMAND, at)
    told = select(Message).where(Message.queued_at == at, Message.recipient.in_([voter.email, "m@brno.test"]))
    museum, lyon = sorted((" ".join(message.text.split()) for message in session.scalars(told)), key=len)
    assert "Museum will be named as a host of the edition." in museum
    assert "Lyon Cluster will be named as a host of the edition." in lyon
    assert f"The proposal of {two.proposer}, which Lyon Cluster would have co-hosted, was not accepted." in lyon
    asked = session.scalars(select(Message.text).where(Message.recipient == "o@brno.test")).one()
    assert "will be named as a host of the edition;" in " ".join(asked.split())
    assert account_by_email(session, "m@brno.test") is None


def test_drafters_are_reminded_once_before_each_close(run, writing, reading):
    with writing() as session:
        call = make_call(session)
        make_proposal(session, call, ProposalStatus.DRAFT, contact_email="draft@dofc.test")
        make_proposal(session, call, contact_email="done@dofc.test")
    run(call.closes_at - 3 * DAY - timedelta(minutes=1))
    for _ in range(2):
        run(call.closes_at - 3 * DAY)
    with writing() as session:
        assert [mail_to(session, f"{n}@dofc.test").count("proposal-reminder") for n in ("draft", "done")] == [1, 0]
        extend_call(session, call.id, call.closes_at + WEEK, COMMAND, call.closes_at - DAY)
    run(call.closes_at + WEEK - 2 * DAY)
    with reading() as session:
        assert mail_to(session, "draft@dofc.test").count("proposal-reminder") == 2


@pytest.mark.databases("sqlite", "postgresql")
def test_members_that_have_not_voted_are_reminded_once(run, writing, reading):
    with writing() as session:
        call = make_call(session)
        proposal = make_proposal(session, call)
        people = {slug: make_representative(session, make_member(session, slug)) for slug in ("votes", "waits")}
        shortlist_all(session, call)
        voters = begin_ballot(session, call)
        voter = voters["votes"]
        cast_ballot(session, voter.id, people["votes"].id, [proposal.reference], COMMAND, call.ballot_opens_at)
    run(call.ballot_closes_at - 4 * DAY)
    for _ in range(2):
        run(call.ballot_closes_at - 2 * DAY)
    with reading() as session:
        assert mail_to(session, people["votes"].email) == ["ballot"] * 2
        assert mail_to(session, people["waits"].email) == ["ballot"] * 2


@pytest.mark.databases("sqlite", "postgresql")
def test_what_of_a_call_needs_attention(session):
    call = make_call(session)
    member = make_member(session, name="Danube Cluster")
    make_representative(session, member)

    def matters(at=NOW) -> dict[str, int]:
        return {matter.value: number for _call, matter, number in call_matters(session, at)}

    assert matters() == {}
    make_proposal(session, call)
    gone = make_proposal(session, call)
    withdraw_proposal(session, gone.id, PROPOSER, NOW)
    typed = make_proposal(session, call, organisation="Danube Cluster")
    assert matters() == {"hosting_unsettled": 1, "hosting_received": 2, "hosting_withdrawn": 1}
    waiting = {"hosting_unsettled": 1, "hosting_withdrawn": 1, "hosting_no_shortlist": 1}
    assert matters(call.review_opens_at) == waiting
    typed.settled_at = NOW
    assert matters(call.review_opens_at) == {"hosting_withdrawn": 1, "hosting_no_shortlist": 2}
    shortlist_all(session, call)
    begin_ballot(session, call)
    assert matters(call.ballot_opens_at) == {"hosting_withdrawn": 1}
    close_ballot(session, call.id, WORKER, call.ballot_closes_at)
    assert matters(call.ballot_closes_at) == {"hosting_withdrawn": 1, "hosting_decide": 2}
    assert session.get_one(HostingCall, call.id).counted_at
