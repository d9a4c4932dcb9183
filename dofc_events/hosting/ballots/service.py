"""The ballot: opened by the clock, cast once a member, closed and counted by the clock."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from dofc_events.accounts.models import Account
from dofc_events.conference.queries import members
from dofc_events.core.audit import Actor, record
from dofc_events.core.changes import refuse_changed
from dofc_events.core.errors import Refusal
from dofc_events.hosting import mails
from dofc_events.hosting.ballots.queries import (
    KnownBallot,
    cast_ballots,
    known_ballot,
    on_the_ballot,
    represents,
    roll,
    shortlist,
)
from dofc_events.hosting.ballots.rules import NONE_OF_THESE, to_document
from dofc_events.hosting.conflicts.service import OwnProposal
from dofc_events.hosting.models import Ballot, HostingCall, Voter
from dofc_events.hosting.news.service import tell_of_count
from dofc_events.hosting.queries import locked_call, representatives_of
from dofc_events.hosting.rules import scope_of
from dofc_events.hosting.stages.rules import Act
from dofc_events.mail import outbox


class BallotNotOpen(Refusal):
    """The ballot on the `call` has not been opened, or is over."""

    def __init__(self, call: HostingCall) -> None:
        super().__init__(str(call.year))
        self.call = call


class NotARepresentative(Refusal):
    """The account cannot vote for this member."""


class MemberInactive(Refusal):
    """The member was made inactive while members voted: it cannot vote."""


class EmptyRanking(Refusal):
    """A ballot ranks at least one proposal, or "none of these"."""


class NotOnTheBallot(Refusal):
    """This `choice` cannot be ranked: it is not on the shortlist."""

    def __init__(self, choice: str) -> None:
        super().__init__(choice)
        self.choice = choice


class RankedTwice(Refusal):
    """A ballot ranks this `choice` more than once."""

    def __init__(self, choice: str) -> None:
        super().__init__(choice)
        self.choice = choice


def open_ballot(session: Session, call_id: int, actor: Actor, now: datetime) -> bool:
    """Fix who votes: the members that are active now. False if it is not time, or nothing is on the shortlist."""
    call = locked_call(session, call_id)
    is_time = call.ballot_opens_at <= now and call.allows(Act.OPEN_BALLOT, now)
    if not is_time or not shortlist(session, call_id):
        return False
    call.ballot_opened_at = now
    if call.decision is not None:
        # It was prepared because there was no ballot, and nobody was told of it.
        session.delete(call.decision)
    voting = members(session)
    session.add_all(Voter(call_id=call_id, organisation_id=member.organisation_id) for member in voting)
    record(session, actor, now, "ballot_opened", scope=scope_of(call.year), members=len(voting))
    session.flush()
    return True


def tell_voters(session: Session, voter_ids: Iterable[int], now: datetime) -> None:
    """Email each representative of these members their own link to the member's ballot, once."""
    for voter_id in voter_ids:
        voter = _locked_voter(session, voter_id)
        if voter.told_at is None:
            voter.told_at = now
            for representative in representatives_of(session, voter.organisation_id, now):
                proposals, own = on_the_ballot(session, voter, representative)
                outbox.enqueue(session, mails.ballot_opened(voter, proposals, own, representative), now)
    session.flush()


def cast_ballot(
    session: Session,
    voter_id: int,
    account_id: int,
    ranking: Sequence[str],
    actor: Actor,
    now: datetime,
    *,
    seen: KnownBallot | None = None,
) -> bool:
    """Make this the member's one ballot, instead of what was `seen`, and tell its representatives that there is one.

    `ranking` are references and `none`, best first; it may leave some out. False if this account cast the same already.
    The trail never says how. Raises NotARepresentative, MemberInactive, BallotNotOpen, EmptyRanking, RankedTwice,
    OwnProposal, NotOnTheBallot.
    """
    # Whoever votes for this member waits here for the one before; whoever counts, until all that began are done.
    voter = _locked_voter(session, voter_id)
    call = locked_call(session, voter.call_id, shared=True)
    if not represents(session, account_id, voter, now):
        raise NotARepresentative
    if voter.struck_at is not None:
        raise MemberInactive
    if not call.allows(Act.VOTE, now):
        raise BallotNotOpen(call)
    _refuse_unusable(session, voter, account_id, ranking)
    ballot = session.get(Ballot, voter_id, populate_existing=True)
    refuse_changed(seen, known_ballot(session, voter, account_id))
    # Of another's ballot nobody learns whether it says the same.
    if ballot is not None and (ballot.account_id, ballot.ranking) == (account_id, list(ranking)):
        return False
    changed = ballot is not None
    if ballot is None:
        ballot = Ballot(voter_id=voter_id)
        session.add(ballot)
    ballot.account_id, ballot.ranking = account_id, list(ranking)
    voter.voted_at = now
    act = "ballot_changed" if changed else "ballot_cast"
    record(session, actor, now, act, scope=scope_of(call.year), about=voter.reference, member=voter.organisation.slug)
    session.flush()
    _tell_representatives(session, voter, account_id, now, changed=changed)
    return True


def close_ballot(session: Session, call_id: int, actor: Actor, now: datetime) -> bool:
    """Count the ballots, keep what can be published, and delete what says how a member voted.

    A ballot that ranks nothing that is left counts for nothing. Who voted is kept on the roll. False if it is not time,
    or if the ballot was never opened.
    """
    call = locked_call(session, call_id)
    if not call.allows(Act.COUNT, now):
        return False
    proposals = {p.reference: f"{p.city}, {p.proposer}" for p in shortlist(session, call_id)}
    cast = cast_ballots(session, call)
    counting = [ballot for ballot in cast if ballot.ranking]
    call.empty_ballots = len(cast) - len(counting)
    document = to_document(call.name, proposals, counting, call.seed)
    call.document = json.dumps(document, ensure_ascii=False, indent=1)
    call.counted_at = now
    voters = select(Voter.id).where(Voter.call_id == call_id)
    session.execute(delete(Ballot).where(Ballot.voter_id.in_(voters)), execution_options={"synchronize_session": False})
    record(session, actor, now, "ballot_counted", scope=scope_of(call.year), ballots=len(document["ballots"]))
    tell_of_count(session, call, roll(session, call_id), len(counting), now)
    session.flush()
    return True


def _refuse_unusable(session: Session, voter: Voter, account_id: int, ranking: Sequence[str]) -> None:
    if not ranking:
        raise EmptyRanking
    open_to_them, own = on_the_ballot(session, voter, session.get_one(Account, account_id))
    choices = {NONE_OF_THESE, *(proposal.reference for proposal in open_to_them)}
    for number, choice in enumerate(ranking):
        if choice in ranking[:number]:
            raise RankedTwice(choice)
        if any(choice == proposal.reference for proposal in own):
            raise OwnProposal
        if choice not in choices:
            raise NotOnTheBallot(choice)


def _tell_representatives(session: Session, voter: Voter, account_id: int, now: datetime, *, changed: bool) -> None:
    # What was said of the ballot before and has not been sent is out of date.
    outbox.withdraw(session, voter.reference, now)
    everyone = representatives_of(session, voter.organisation_id, now)
    cast_by = session.get_one(Account, account_id)
    for representative in everyone:
        # Who changes a ballot ten times in a minute makes us write once more.
        due_at = outbox.may_be_told_at(session, representative.email, now)
        message = mails.ballot_cast(voter, cast_by, representative, changed=changed)
        outbox.enqueue(session, message, now, asked_for=True, due_at=due_at)


def _locked_voter(session: Session, voter_id: int) -> Voter:
    return session.scalars(
        select(Voter).where(Voter.id == voter_id).with_for_update(of=Voter).execution_options(populate_existing=True)
    ).one()
