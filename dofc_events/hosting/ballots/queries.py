"""Queries about a ballot: who may vote, who has, on what; how, only for one's own, and never after the count."""

import json
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from dofc_events.accounts.models import Account, Role
from dofc_events.accounts.rules import RoleName
from dofc_events.core.order import sort_key
from dofc_events.hosting.ballots.rules import NONE_OF_THESE, Count, RankedBallot, count, from_document
from dofc_events.hosting.models import Ballot, HostingCall, Proposal, Voter
from dofc_events.hosting.queries import holds_now, organisations_of, proposals_of, read_ballot_link
from dofc_events.hosting.rules import ProposalStatus


def roll(session: Session, call_id: int) -> list[Voter]:
    """The members that may vote on a call, by name, each with whether and when it did."""
    query = select(Voter).where(Voter.call_id == call_id)
    return sorted(session.scalars(query), key=lambda voter: sort_key(voter.organisation.name))


def open_voters(session: Session, organisation_id: int) -> list[Voter]:
    """A member's places on the rolls of ballots that run, or are not counted yet; held until the unit of work ends."""
    query = select(Voter).join(Voter.call).where(Voter.organisation_id == organisation_id)
    query = query.where(HostingCall.ballot_opened_at.is_not(None), HostingCall.counted_at.is_(None))
    return list(
        session.scalars(query.order_by(Voter.id).with_for_update(of=Voter).execution_options(populate_existing=True))
    )


def chaired_members(session: Session, call_id: int, now: datetime) -> set[int]:
    """The ids of the members on a roll of whose representatives one chairs the network, too."""
    chairs = select(Role.account_id).where(Role.role == RoleName.CHAIR, holds_now(now))
    query = select(Role.organisation_id).where(Role.role == RoleName.MEMBER, holds_now(now))
    on_roll = select(Voter.organisation_id).where(Voter.call_id == call_id)
    query = query.where(Role.account_id.in_(chairs), Role.organisation_id.in_(on_roll))
    return {organisation_id for organisation_id in session.scalars(query) if organisation_id is not None}


def voters_of(session: Session, account_id: int, now: datetime) -> list[Voter]:
    """The places on a roll, of whatever call, for whose member this account is a representative; the latest first."""
    mine = organisations_of(session, account_id, now, RoleName.MEMBER)
    query = select(Voter).where(Voter.organisation_id.in_(mine))
    return list(session.scalars(query.order_by(Voter.id.desc())))


def voter_by_link(session: Session, token: str, now: datetime) -> tuple[Voter, Account] | None:
    """The voter and the representative of a personal link, if it is valid and they still are a representative."""
    read = read_ballot_link(token)
    if read is None:
        return None
    voter_id, account_id, version = read
    voter, account = session.get(Voter, voter_id), session.get(Account, account_id)
    if voter is None or account is None or voter.link_version != version:
        return None
    return (voter, account) if represents(session, account_id, voter, now) else None


def represents(session: Session, account_id: int, voter: Voter, now: datetime) -> bool:
    """Whether an account is a representative of the member."""
    return voter.organisation_id in organisations_of(session, account_id, now, RoleName.MEMBER)


def shortlist(session: Session, call_id: int) -> list[Proposal]:
    """What is on the ballot."""
    return proposals_of(session, call_id, (ProposalStatus.SHORTLISTED,))


def on_the_ballot(session: Session, voter: Voter, account: Account) -> tuple[list[Proposal], list[Proposal]]:
    """The shortlisted proposals that an account can rank for a member, and their own, which it cannot."""
    proposals = shortlist(session, voter.call_id)
    own = [proposal for proposal in proposals if _is_own(proposal, voter, account)]
    return [proposal for proposal in proposals if proposal not in own], own


@dataclass(frozen=True)
class KnownBallot:
    """What a representative may know of their member's ballot: their own `ranking`, as references and `none`.

    Of a ballot that another representative cast they know only when. `cast_at` is when the last one was cast, by
    anybody.
    """

    ranking: tuple[str, ...] = ()
    by_another_at: datetime | None = None
    cast_at: datetime | None = field(default=None, compare=False)


def known_ballot(session: Session, voter: Voter, account_id: int) -> KnownBallot:
    """What this account may know of the ballot that was cast for a member; nothing before, and after the count."""
    # In one statement, so that the time is that of the ballot: it may be cast between two.
    query = select(Ballot.account_id, Ballot.ranking, Voter.voted_at).join(Voter, Voter.id == Ballot.voter_id)
    found = session.execute(query.where(Voter.id == voter.id)).one_or_none()
    if found is None:
        return KnownBallot()
    if found.account_id == account_id:
        return KnownBallot(tuple(found.ranking), cast_at=found.voted_at)
    return KnownBallot(by_another_at=found.voted_at, cast_at=found.voted_at)


def cast_ballots(session: Session, call: HostingCall) -> list[RankedBallot]:
    """The ballots of a call, for the count alone: of members that are active, without what was withdrawn meanwhile."""
    proposals = shortlist(session, call.id)
    query = select(Ballot, Voter, Account).join(Voter, Voter.id == Ballot.voter_id)
    query = query.join(Account, Account.id == Ballot.account_id)
    query = query.where(Voter.call_id == call.id, Voter.struck_at.is_(None))
    ballots = []
    for ballot, voter, account in session.execute(query):
        own = tuple(proposal.reference for proposal in proposals if _is_own(proposal, voter, account))
        choices = {NONE_OF_THESE, *(proposal.reference for proposal in proposals)} - {*own}
        ballots.append(RankedBallot(tuple(choice for choice in ballot.ranking if choice in choices), own))
    return ballots


def _is_own(proposal: Proposal, voter: Voter, account: Account) -> bool:
    return proposal.is_of(voter.organisation_id) or proposal.email_key == account.email_key


def counted(call: HostingCall) -> Count | None:
    """The count, made again from the published document; None while there is none."""
    return count(*from_document(json.loads(call.document))) if call.document else None


def references_voted_on(call: HostingCall) -> set[str]:
    """The references of the proposals that were counted; none while nothing is."""
    return set(json.loads(call.document)["proposals"]) if call.document else set()


def withdrawn_since(session: Session, call: HostingCall) -> list[str]:
    """The proposals that were counted and have been withdrawn since, as they are named in what was published."""
    names = json.loads(call.document)["proposals"] if call.document else {}
    withdrawn = proposals_of(session, call.id, (ProposalStatus.WITHDRAWN,)) if names else []
    return [names[proposal.reference] for proposal in withdrawn if proposal.reference in names]


def ballots_of(call: HostingCall) -> list[RankedBallot]:
    """The ballots that counted, as they were published; none while nothing is."""
    return from_document(json.loads(call.document))[1] if call.document else []


def ballot_faults(session: Session) -> list[str]:
    """A sentence for each ballot kept after the count, and for each voter whose ballot is missing before it."""
    query = select(Voter.id, Voter.voted_at, Ballot.voter_id, HostingCall.counted_at).join(Voter.call)
    found = []
    for voter_id, voted_at, ballot, counted_at in session.execute(query.outerjoin(Ballot).order_by(Voter.id)):
        if counted_at is not None and ballot is not None:
            found.append(f"voter {voter_id}: the link to its ranking was not deleted with the count")
        elif counted_at is None and (voted_at is None) != (ballot is None):
            found.append(f"voter {voter_id}: it has voted without a ballot, or has a ballot without having voted")
    return found


def ballots_to_open(session: Session, now: datetime) -> list[int]:
    """The calls whose ballot begins, and on which there is something to vote about."""
    shortlisted = select(Proposal.call_id).where(Proposal.status == ProposalStatus.SHORTLISTED)
    return list(
        session.scalars(
            select(HostingCall.id).where(
                HostingCall.ballot_opens_at <= now,
                HostingCall.ballot_closes_at > now,
                HostingCall.ballot_opened_at.is_(None),
                HostingCall.id.in_(shortlisted),
            )
        )
    )


def untold_voters(session: Session) -> list[int]:
    """The voters whose representatives have not been written to about a ballot that was opened and is not counted."""
    query = select(Voter.id).join(Voter.call).where(Voter.told_at.is_(None), HostingCall.counted_at.is_(None))
    return list(session.scalars(query.order_by(Voter.id)))


def ballots_to_close(session: Session, now: datetime) -> list[int]:
    """The calls whose ballot was opened, is over, and is not counted."""
    is_over = (HostingCall.ballot_opened_at.is_not(None), HostingCall.ballot_closes_at <= now)
    return list(session.scalars(select(HostingCall.id).where(*is_over, HostingCall.counted_at.is_(None))))
