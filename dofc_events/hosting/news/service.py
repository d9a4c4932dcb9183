"""Emails to the chair, reviewers and representatives about what others have done."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from dofc_events.conference.queries import latest_edition
from dofc_events.hosting import mails
from dofc_events.hosting.co_hosts.queries import reached_at
from dofc_events.hosting.models import CoHost, Decision, HostingCall, Proposal, Voter
from dofc_events.hosting.news.queries import drafts_to_remind, organisers_of
from dofc_events.hosting.queries import (
    acting_chairs,
    contact_represents,
    locked_proposal,
    representatives_of,
    representatives_of_members,
    reviewers,
)
from dofc_events.hosting.rules import ProposalStatus
from dofc_events.hosting.stages.rules import Act, Stage, allows
from dofc_events.mail.outbox import enqueue
from dofc_events.mail.rules import address_key


def tell_of_withdrawal(session: Session, proposal: Proposal, was: ProposalStatus, now: datetime) -> None:
    """Tell the chair, confirmed co-hosts, reviewers once the review has begun, and while members vote each that can.

    Nobody may know what each member ranked, so all are told the same, including those whose ballot no longer counts.
    """
    stage, chairs = proposal.call.stage(now), acting_chairs(session, now)
    board = reviewers(session, now) if was is not ProposalStatus.SUBMITTED else []
    for account in dict.fromkeys([*chairs, *board]):
        decides = account in chairs and allows(Act.DECIDE, stage)
        enqueue(session, mails.withdrawal(proposal, was, stage, account, decides=decides), now)
    if was is ProposalStatus.SHORTLISTED and stage is Stage.BALLOT:
        for voter in session.scalars(select(Voter).where(Voter.call_id == proposal.call_id).order_by(Voter.id)):
            for account in representatives_of(session, voter.organisation_id, now):
                enqueue(session, mails.withdrawn_in_ballot(voter, proposal, account), now)
    for co_host in proposal.asked_co_hosts:
        for email, name in reached_at(session, co_host, now) if co_host.confirmed_at else ():
            enqueue(session, mails.withdrawn_for_co_host(co_host, email, name), now)


def tell_of_receipt(session: Session, proposal: Proposal, now: datetime, *, keep_mail: bool = False) -> None:
    """Tell the chair that a proposal was submitted, and whether its contact represents the member that proposes."""
    represents = proposal.from_member and contact_represents(session, proposal, now)
    for chair in acting_chairs(session, now):
        enqueue(session, mails.received_for_chair(proposal, chair, represents=represents), now, keep=keep_mail)


def tell_of_count(session: Session, call: HostingCall, roll: Sequence[Voter], votes: int, now: datetime) -> None:
    """Tell the chair that the ballots are counted, and that it decides."""
    for chair in acting_chairs(session, now):
        enqueue(session, mails.ballot_counted(call, chair, roll, votes), now)


def tell_of_outcome(
    session: Session, call: HostingCall, decision: Decision, proposals: Iterable[Proposal], now: datetime
) -> None:
    """Tell reviewers, all who vote for a member, the last host, and the confirmed co-hosts of these; each once."""
    last = latest_edition(session, call.year)
    last_hosts = organisers_of(session, last.id, now) if last else []
    accounts = [*reviewers(session, now), *representatives_of_members(session, now), *last_hosts]
    people = {account.email_key: (account.email, account.name) for account in accounts}
    co_hosting: dict[str, list[CoHost]] = {}
    for co_host in [one for proposal in proposals for one in proposal.asked_co_hosts if one.confirmed_at]:
        for email, name in reached_at(session, co_host, now):
            people.setdefault(address_key(email), (email, name))
            co_hosting.setdefault(address_key(email), []).append(co_host)
    hand_over = [account.email_key for account in last_hosts if decision.proposal]
    for key, (email, name) in people.items():
        co_hosts = co_hosting.get(key, ())
        envelope = mails.outcome(call, decision, email, name, co_hosts=co_hosts, hands_over=key in hand_over)
        enqueue(session, envelope, now)


def remind_drafter(session: Session, proposal_id: int, now: datetime) -> bool:
    """Remind the proposer of an unsubmitted draft, once before each close of the call; False if that is not due."""
    proposal = locked_proposal(session, proposal_id)
    if proposal.id not in drafts_to_remind(session, now):
        return False
    proposal.reminded_at = now
    enqueue(session, mails.draft_reminder(proposal), now)
    session.flush()
    return True


def remind_voters(session: Session, voter_ids: Iterable[int], now: datetime) -> None:
    """Remind those who vote for members that have not voted, once before the ballot closes."""
    query = select(Voter).where(Voter.id.in_(list(voter_ids))).order_by(Voter.id).with_for_update(of=Voter)
    for voter in session.scalars(query.execution_options(populate_existing=True)):
        if voter.reminded_at is None and voter.voted_at is None:
            voter.reminded_at = now
            for account in representatives_of(session, voter.organisation_id, now):
                enqueue(session, mails.ballot_reminder(voter, account), now)
    session.flush()
