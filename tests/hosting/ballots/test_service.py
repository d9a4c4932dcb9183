"""One ballot a member, in its window, and after the count nobody knows whose it was."""

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from dofc_events.accounts.rules import RoleName
from dofc_events.core.audit import COMMAND, WORKER, AuditEntry
from dofc_events.hosting.ballots.queries import (
    KnownBallot,
    ballots_to_close,
    ballots_to_open,
    counted,
    known_ballot,
    roll,
    untold_voters,
    voter_by_link,
    voters_of,
)
from dofc_events.hosting.ballots.rules import hash_of
from dofc_events.hosting.ballots.service import (
    BallotNotOpen,
    EmptyRanking,
    NotARepresentative,
    NotOnTheBallot,
    RankedTwice,
    cast_ballot,
    close_ballot,
    open_ballot,
    tell_voters,
)
from dofc_events.hosting.conflicts.service import OwnProposal
from dofc_events.hosting.members.service import remove_representative
from dofc_events.hosting.models import Ballot
from dofc_events.hosting.proposals.service import PROPOSER, withdraw_proposal
from dofc_events.hosting.queries import ballot_token
from dofc_events.hosting.rules import ProposalStatus
from dofc_events.mail.models import Message
from dofc_events.mail.rules import MessageState
from tests.support.factories import NOW, make_account
from tests.support.hosting import (
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

MINUTE = timedelta(minutes=1)


@pytest.fixture
def vote(session):
    """A ballot between three proposals, one of them of the member `brno`; two more members, and a representative each.

    `vote(slug, ranking)` casts a ballot; proposals go by the first letter of their city.
    """
    return Vote(session)


class Vote:
    def __init__(self, session) -> None:
        self.session, self.call = session, make_call(session)
        self.members = {slug: make_member(session, slug, name=slug.title()) for slug in ("brno", "iasi", "lyon")}
        self.people = {s: make_representative(session, m, email=f"{s}@dofc.test") for s, m in self.members.items()}
        cities: dict[str, dict[str, Any]] = {"Brno": {"member": "brno"}, "Cluj": {}, "Dijon": {"co_hosts": "Lyon"}}
        made = [make_proposal(session, self.call, city=city, **changes) for city, changes in cities.items()]
        self.proposals = {proposal.city[0].lower(): proposal for proposal in made}
        shortlist_all(session, self.call)
        self.voters = begin_ballot(session, self.call)

    def __call__(self, slug: str, ranking: str, *, by=None, now=None) -> bool:
        names = {letter: proposal.reference for letter, proposal in self.proposals.items()} | {"n": "none"}
        at, account = now or self.call.ballot_opens_at, by or self.people[slug]
        choices = [names.get(letter, letter) for letter in ranking]
        return cast_ballot(self.session, self.voters[slug].id, account.id, choices, COMMAND, at)

    def close(self) -> dict:
        close_ballot(self.session, self.call.id, WORKER, self.call.ballot_closes_at)
        return json.loads(self.call.document)


@pytest.mark.databases("sqlite", "postgresql")
def test_the_roll_has_the_members_that_are_active_when_the_ballot_begins(session):
    call = make_call(session)
    make_proposal(session, call)
    make_member(session, "asleep", is_active=False)
    member = make_member(session, "awake")
    people = [make_representative(session, member, email=f"{n}@dofc.test") for n in range(2)]
    assert ballots_to_open(session, call.ballot_opens_at) == [], "nothing is on the shortlist"
    assert not open_ballot(session, call.id, WORKER, call.ballot_opens_at)
    shortlist_all(session, call)
    assert ballots_to_open(session, call.ballot_opens_at - MINUTE) == []
    assert ballots_to_open(session, call.ballot_opens_at) == [call.id]
    (voter,) = begin_ballot(session, call).values()
    assert not open_ballot(session, call.id, WORKER, call.ballot_opens_at)
    assert voter.organisation is member and untold_voters(session) == []
    tell_voters(session, [voter.id], call.ballot_opens_at)
    for person in people:
        message = session.scalars(select(Message).where(Message.recipient == person.email)).one()
        assert (message.kind, message.expires_at) == ("ballot", call.ballot_closes_at)
        assert f"/hosting/vote/{ballot_token(voter, person.id)}" in message.text


@pytest.mark.databases("sqlite", "postgresql")
def test_a_link_is_personal_and_ends_with_the_role(session, vote):
    person, voter = vote.people["brno"], vote.voters["brno"]
    token = ballot_token(voter, person.id)
    assert voter_by_link(session, token, vote.call.ballot_opens_at) == (voter, person)
    for wrong in ("wrong", token + "x", ballot_token(vote.voters["iasi"], person.id)):
        assert voter_by_link(session, wrong, vote.call.ballot_opens_at) is None
    assert voters_of(session, person.id, vote.call.ballot_opens_at) == [voter]
    remove_representative(session, voter.organisation_id, person.id, RoleName.MEMBER, COMMAND, vote.call.opens_at)
    assert voter_by_link(session, token, vote.call.ballot_opens_at) is None
    with pytest.raises(NotARepresentative):
        vote("brno", "c")


def test_a_representative_whose_address_is_on_a_proposal_does_not_rank_it_and_another_does(session, vote):
    vote.proposals["c"].email_key = "lyon@dofc.test"
    with pytest.raises(OwnProposal):
        vote("lyon", "cb")
    vote("lyon", "b")
    assert vote.close()["ballots"] == [
        {"ranking": [vote.proposals["b"].reference], "own": [vote.proposals["c"].reference]}
    ]


def test_the_mail_about_the_ballot_does_not_ask_to_rank_what_is_ones_own(session, vote):
    mailed = select(Message.text).where(Message.recipient == "brno@dofc.test", Message.kind == "ballot")
    text = session.scalars(mailed).one()
    asked, _, after = text.partition("Also on the shortlist")
    assert "- Cluj" in asked and "- Brno" not in asked and "Brno" in after


@pytest.mark.databases("sqlite", "postgresql")
def test_a_second_representative_replaces_and_never_adds(session, vote):
    second = make_representative(session, vote.members["iasi"], email="second@dofc.test")
    assert vote("iasi", "bc")
    assert vote("iasi", "cb", by=second)
    assert not vote("iasi", "cb", by=second)
    assert session.get_one(Ballot, vote.voters["iasi"].id).ranking == [vote.proposals[c].reference for c in "cb"]
    assert session.scalar(select(func.count()).select_from(Ballot)) == 1
    assert vote.close()["ballots"] == [{"ranking": [vote.proposals[c].reference for c in "cb"], "own": []}]
    # The invitation, or what was said of the ballot before, is out of date and not sent.
    assert mail_to(session, "second@dofc.test") == ["ballot", "ballot"]
    states = session.execute(select(Message.state).where(Message.recipient == "iasi@dofc.test").order_by(Message.id))
    assert [state for (state,) in states] == ["withdrawn", "withdrawn", "kept"]


def test_how_a_member_votes_is_for_whoever_cast_the_ballot(session, vote):
    """Else the chair could make themselves a representative while the ballot is open, and read it."""
    curious = make_representative(session, vote.members["iasi"], email="chair@dofc.test")
    first = vote.people["iasi"]
    vote("iasi", "bc")
    ranking = [vote.proposals[c].reference for c in "bc"]
    voter = vote.voters["iasi"]
    assert known_ballot(session, voter, first.id) == KnownBallot(tuple(ranking))
    assert known_ballot(session, voter, curious.id) == KnownBallot(by_another_at=voter.voted_at)
    assert vote("iasi", "bc", by=curious), "the same again must not be told from another ballot"
    assert known_ballot(session, voter, first.id) == KnownBallot(by_another_at=voter.voted_at)
    assert known_ballot(session, voter, curious.id) == KnownBallot(tuple(ranking))


def test_a_member_cannot_rank_its_own_proposal_but_any_that_names_it_as_co_host(vote):
    with pytest.raises(OwnProposal):
        vote("brno", "cb")
    # What a proposer types about others takes away nobody's vote.
    assert vote("brno", "cdn") and vote("lyon", "db")


@pytest.mark.parametrize(("ranking", "refusal"), [("", EmptyRanking), ("cbc", RankedTwice), ("cX", NotOnTheBallot)])
def test_a_ballot_ranks_what_is_on_it_once(vote, ranking, refusal):
    with pytest.raises(refusal):
        vote("iasi", ranking)


def test_nobody_votes_for_another_member(vote):
    with pytest.raises(NotARepresentative):
        vote("iasi", "c", by=vote.people["brno"])


def test_ballots_are_cast_in_their_window_alone_whether_or_not_the_worker_runs(vote):
    for moment in (vote.call.ballot_opens_at - MINUTE, vote.call.ballot_closes_at):
        with pytest.raises(BallotNotOpen):
            vote("iasi", "c", now=moment)
    assert vote("iasi", "c", now=vote.call.ballot_closes_at - MINUTE)


@pytest.mark.databases("sqlite", "postgresql")
def test_the_trail_says_that_a_ballot_was_cast_or_changed_and_never_how(session, vote):
    vote("iasi", "bc")
    vote("iasi", "c")
    entries = session.scalars(select(AuditEntry).where(AuditEntry.act.startswith("ballot_c"))).all()
    assert [entry.act for entry in entries] == ["ballot_cast", "ballot_changed"]
    assert all(entry.details == {"member": "iasi"} for entry in entries)
    said = session.scalars(
        select(Message.text).where(Message.recipient == "iasi@dofc.test").order_by(Message.id.desc())
    ).first()
    assert "Brno" not in said and "Cluj" not in said


def test_after_the_count_it_is_known_who_voted_and_not_how(session, vote):
    vote("iasi", "bc")
    vote("brno", "dc")
    assert ballots_to_close(session, vote.call.ballot_closes_at - MINUTE) == []
    assert not close_ballot(session, vote.call.id, WORKER, vote.call.ballot_closes_at - MINUTE)
    assert ballots_to_close(session, vote.call.ballot_closes_at) == [vote.call.id]
    document = vote.close()
    assert session.scalar(select(func.count()).select_from(Ballot)) == 0
    assert {voter.organisation.slug: voter.voted_at is not None for voter in roll(session, vote.call.id)} == {
        "brno": True,
        "iasi": True,
        "lyon": False,
    }
    assert document["seed_sha256"] == hash_of(vote.call.seed)
    refs = {letter: proposal.reference for letter, proposal in vote.proposals.items()}
    assert sorted(document["ballots"], key=lambda b: b["own"]) == [
        {"ranking": [refs["b"], refs["c"]], "own": []},
        {"ranking": [refs["d"], refs["c"]], "own": [refs["b"]]},
    ]
    assert list(counted(vote.call).order) == document["result"]
    assert not close_ballot(session, vote.call.id, WORKER, vote.call.ballot_closes_at), "counted once"
    with pytest.raises(BallotNotOpen):
        vote("lyon", "b", now=vote.call.ballot_closes_at)


def test_what_is_withdrawn_meanwhile_is_not_counted(session, vote):
    vote("iasi", "cbn")
    withdraw_proposal(session, vote.proposals["c"].id, PROPOSER, vote.call.ballot_opens_at)
    with pytest.raises(NotOnTheBallot):
        vote("lyon", "c")
    document = vote.close()
    assert document["ballots"] == [{"ranking": [vote.proposals["b"].reference, "none"], "own": []}]
    assert vote.proposals["c"].reference not in json.dumps(document)


@pytest.mark.databases("sqlite", "postgresql")
def test_a_withdrawal_in_mid_ballot_is_told_to_all_alike_and_an_emptied_ballot_is_no_vote(session, vote):
    make_account(session, "chair@dofc.test")
    make_reviewer(session, email="board@dofc.test")
    vote("iasi", "c")
    vote("lyon", "b")
    at = vote.call.ballot_opens_at + MINUTE
    withdraw_proposal(session, vote.proposals["c"].id, PROPOSER, at)
    told = session.scalars(select(Message).where(Message.queued_at == at).order_by(Message.recipient)).all()
    everybody = {"board@dofc.test", "brno@dofc.test", "chair@dofc.test", "iasi@dofc.test", "lyon@dofc.test"}
    assert {message.recipient for message in told} == everybody | {vote.proposals["c"].contact_email}
    voters = [message for message in told if message.kind == "ballot"]
    # Nobody who reads the outbox learns who ranked only that.
    assert len({message.subject for message in voters}) == 1
    assert all("ranked nothing else no longer counts" in " ".join(message.text.split()) for message in voters)
    document = vote.close()
    assert document["ballots"] == [{"ranking": [vote.proposals["b"].reference], "own": []}]
    assert vote.call.empty_ballots == 1


def test_a_withdrawal_before_the_ballot_is_told_to_the_chair_and_who_reviews(session):
    call = make_call(session)
    make_account(session, "chair@dofc.test")
    make_reviewer(session, email="board@dofc.test")
    early, late = make_proposal(session, call), make_proposal(session, call)
    draft = make_proposal(session, call, ProposalStatus.DRAFT)
    for proposal in (draft, early):
        withdraw_proposal(session, proposal.id, PROPOSER, NOW)
    assert [mail_to(session, f"{name}@dofc.test").count("proposal-status") for name in ("chair", "board")] == [1, 0]
    shortlist_all(session, call)
    withdraw_proposal(session, late.id, PROPOSER, call.closes_at)
    assert [mail_to(session, f"{name}@dofc.test").count("proposal-status") for name in ("chair", "board")] == [2, 2]


def test_a_ballot_that_is_changed_again_and_again_is_told_once_more(session, vote):
    begin = vote.call.ballot_opens_at
    for number in range(40):
        vote("iasi", "bc" if number % 2 else "cb", now=begin + timedelta(seconds=number))
        # What has left is not taken back.
        due = Message.state == MessageState.KEPT, Message.due_at <= begin + timedelta(seconds=number)
        session.execute(update(Message).where(*due).values(state=MessageState.SENT))
    told = session.scalars(select(Message).where(Message.about == vote.voters["iasi"].reference).order_by(Message.id))
    waiting = [message.due_at - begin for message in told if message.state != MessageState.WITHDRAWN]
    assert waiting == [timedelta(0), timedelta(seconds=1), timedelta(minutes=5)]
