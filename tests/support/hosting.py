"""What tests of hosting need before they can begin, made as the site would make it."""

import itertools
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dofc_events.accounts.models import Account
from dofc_events.accounts.rules import RoleName
from dofc_events.conference.models import Organisation
from dofc_events.core.audit import COMMAND, WORKER, AuditEntry
from dofc_events.core.references import new_secret
from dofc_events.hosting.ballots.queries import roll
from dofc_events.hosting.ballots.service import open_ballot, tell_voters
from dofc_events.hosting.calls.service import CallDetails, open_call, set_shortlist, start_review
from dofc_events.hosting.members.service import MemberDetails, add_member
from dofc_events.hosting.models import HostingCall, Proposal, Voter
from dofc_events.hosting.proposals.service import PROPOSER, Answers, save_draft, submit_proposal, withdraw_proposal
from dofc_events.hosting.rules import ProposalStatus
from dofc_events.mail.models import Message
from tests.support.factories import NOW, make_account

YEAR = 2029
WEEK = timedelta(days=7)
CRITERIA = (("Location", 2), ("Funding", 3), ("Experience", 1))

_numbers = itertools.count(1)


def call_details(now: datetime = NOW, **changes: Any) -> CallDetails:
    """A call that opened a week before `now`; a week follows for each: the call, the review, the ballot."""
    values: dict[str, Any] = {
        "text": "Who would like to be the **next host**?",
        "zone": "Europe/Belgrade",
        "opens_at": now - WEEK,
        "closes_at": now + WEEK,
        "review_opens_at": now + WEEK,
        "review_closes_at": now + 2 * WEEK,
        "ballot_opens_at": now + 2 * WEEK,
        "ballot_closes_at": now + 3 * WEEK,
        "quorum": 2,
    }
    return CallDetails(**(values | changes))


def make_call(session: Session, year: int = YEAR, *, now: datetime = NOW, **changes: Any) -> HostingCall:
    """An open call for hosts."""
    return open_call(session, year, call_details(now, **changes), CRITERIA, COMMAND, now - WEEK)


def make_member(session: Session, slug: str = "", *, now: datetime = NOW, **changes: Any) -> Organisation:
    """An active member of the network."""
    number = next(_numbers)
    details = replace(MemberDetails(name=f"Member {number}", country="CZ"), **changes)
    return add_member(session, slug or f"member-{number}", details, COMMAND, now).organisation


def make_representative(session: Session, organisation: Organisation, **changes: Any) -> Account:
    """An account that votes for a member."""
    return make_account(session, role=RoleName.MEMBER, organisation=organisation, **changes)


def make_reviewer(session: Session, organisation: Organisation | None = None, **changes: Any) -> Account:
    """A board member."""
    return make_account(session, role=RoleName.BOARD, organisation=organisation or make_member(session), **changes)


def make_answers(year: int = YEAR, **changes: Any) -> Answers:
    """A complete proposal of an organisation that is not yet a member, from another address each time."""
    number = next(_numbers)
    values: dict[str, Any] = {
        "organisation": f"Moravian Foundry {number}",
        "contact_name": "Jana Dvořáková",
        "contact_email": f"proposer-{number}@dofc.test",
        "city": "Brno",
        "country": "CZ",
        "starts_on": date(year, 5, 17),
        "ends_on": date(year, 5, 19),
        "venue": "Hall of Machines",
        "venue_capacity": 240,
        "latitude": 49.19,
        "longitude": 16.61,
        "budget_eur": 48_000,
        "funding": "The region pays half.",
        "travel": "By train from Vienna.",
        "team": "Five people.",
        "supporters": "The city of Brno",
        "trip_ideas": "- The foundry\n- A brewery",
        "motivation": "It is our turn.",
        "consent": True,
    }
    return Answers(**(values | changes))


def make_proposal(
    session: Session,
    call: HostingCall,
    status: ProposalStatus = ProposalStatus.SUBMITTED,
    *,
    now: datetime = NOW,
    **changes: Any,
) -> Proposal:
    """A proposal in one of the statuses that its proposer can give it; the others come from the call's own acts."""
    proposal = save_draft(
        session,
        call.year,
        make_answers(call.year, **changes),
        language="en",
        consent_text="We agree.",
        form_key=new_secret(),
        actor=PROPOSER,
        now=now,
    )
    if status != ProposalStatus.DRAFT:
        submit_proposal(session, proposal.id, PROPOSER, now)
    if status == ProposalStatus.WITHDRAWN:
        withdraw_proposal(session, proposal.id, PROPOSER, now)
    return proposal


def shortlist_all(session: Session, call: HostingCall) -> None:
    """After the call: everything that was submitted is reviewed, and on the shortlist."""
    start_review(session, call.id, COMMAND, call.closes_at)
    query = select(Proposal.reference).where(Proposal.call_id == call.id)
    under_review = session.scalars(query.where(Proposal.status == ProposalStatus.UNDER_REVIEW)).all()
    set_shortlist(session, call.id, under_review, COMMAND, call.closes_at)


def begin_ballot(session: Session, call: HostingCall) -> dict[str, Voter]:
    """What the worker does when the ballot begins; the voters by the member's slug."""
    open_ballot(session, call.id, WORKER, call.ballot_opens_at)
    voters = roll(session, call.id)
    tell_voters(session, [voter.id for voter in voters], call.ballot_opens_at)
    return {voter.organisation.slug: voter for voter in voters}


def mail_to(session: Session, address: str) -> list[str]:
    """The kinds of what an address was sent, oldest first."""
    return list(session.scalars(select(Message.kind).where(Message.recipient == address).order_by(Message.id)))


def last_entry(session: Session, act: str) -> AuditEntry:
    """The latest entry of the audit trail about some act."""
    return session.scalars(select(AuditEntry).where(AuditEntry.act == act).order_by(AuditEntry.id.desc())).first()
