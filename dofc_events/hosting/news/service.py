"""What is written to the chair, to reviewers and to representatives about what others do."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from dofc_events.accounts.models import Account
from dofc_events.hosting import mails
from dofc_events.hosting.models import Proposal, Voter
from dofc_events.hosting.queries import acting_chairs, representatives_of, reviewers
from dofc_events.hosting.rules import ProposalStatus
from dofc_events.hosting.stages.rules import Stage
from dofc_events.mail.outbox import enqueue


def tell_of_withdrawal(session: Session, proposal: Proposal, was: ProposalStatus, now: datetime) -> None:
    """Tell the chair, reviewers once the review has begun, and while members vote on it each that can.

    What each member ranked is nobody's to know: all are told the same, also those whose ballot counts no longer.
    """
    people: list[Account] = acting_chairs(session, now)
    if was is not ProposalStatus.SUBMITTED:
        people += reviewers(session, now)
    in_ballot = was is ProposalStatus.SHORTLISTED and proposal.call.stage(now) is Stage.BALLOT
    for account in dict.fromkeys(people):
        enqueue(session, mails.withdrawal(proposal, account), now)
    if in_ballot:
        for voter in session.scalars(select(Voter).where(Voter.call_id == proposal.call_id).order_by(Voter.id)):
            for account in representatives_of(session, voter.organisation_id, now):
                enqueue(session, mails.withdrawn_in_ballot(voter, proposal, account), now)
