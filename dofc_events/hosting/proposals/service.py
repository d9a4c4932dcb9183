"""What a proposer does: save a draft, change it, submit, withdraw, ask for the link again."""

from dataclasses import asdict, dataclass, fields
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dofc_events.conference.queries import member_by_slug
from dofc_events.core.audit import VISITOR, Actor, record
from dofc_events.core.changes import difference, refuse_changed, write
from dofc_events.core.errors import Refusal
from dofc_events.core.references import new_reference
from dofc_events.hosting import mails
from dofc_events.hosting.co_hosts.service import ask_co_hosts
from dofc_events.hosting.membership.service import tell_member
from dofc_events.hosting.models import HostingCall, Proposal
from dofc_events.hosting.news.service import tell_of_receipt, tell_of_withdrawal
from dofc_events.hosting.queries import (
    call_by_year,
    locked_call,
    locked_proposal,
    proposals_of_address,
)
from dofc_events.hosting.rules import (
    RECEIVED,
    ProposalFault,
    ProposalStatus,
    may_become,
    missing_to_submit,
    scope_of,
)
from dofc_events.hosting.stages.rules import Act
from dofc_events.mail.outbox import enqueue, enqueue_if, is_flooded, refuse_flood
from dofc_events.mail.rules import address_key

# Who holds the link to a proposal; which one, the entry's `about` says.
PROPOSER = Actor("proposer")


class NoSuchCall(Refusal):
    """There is no call for hosts of that year."""


class CallNotOpen(Refusal):
    """The `call` does not take proposals yet, or has closed: nothing can be submitted or changed."""

    def __init__(self, call: HostingCall) -> None:
        super().__init__(str(call.year))
        self.call = call


class NotAMember(Refusal):
    """No active member of the network has this slug."""

    def __init__(self, slug: str) -> None:
        super().__init__(slug)
        self.slug = slug


class AnswersOutOfOrder(Refusal):
    """Answers that contradict each other, or the call for that `year`; `faults` says which, all of them."""

    def __init__(self, faults: tuple[ProposalFault, ...], year: int) -> None:
        super().__init__(", ".join(faults))
        self.faults, self.year = faults, year


class Incomplete(Refusal):
    """A proposal lacks something before it can be submitted; `missing` names fields of the form."""

    def __init__(self, missing: tuple[str, ...]) -> None:
        super().__init__(", ".join(missing))
        self.missing = missing


class TooManyAttachments(Refusal):
    """A proposal has as many attachments as it can have."""


class ProposalFixed(Refusal):
    """With this `status` a proposal cannot be what was asked for."""

    def __init__(self, status: ProposalStatus) -> None:
        super().__init__(status)
        self.status = status


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What a proposal says; a draft may leave out anything but the address.

    `member` is the slug of the member that proposes; without one, `organisation` is the name of who does. Coordinates
    are degrees. `co_hosts` and `trip_ideas` are one a line.
    """

    member: str = ""
    organisation: str = ""
    contact_name: str = ""
    contact_email: str
    city: str = ""
    country: str = ""
    starts_on: date | None = None
    ends_on: date | None = None
    venue: str = ""
    venue_capacity: int | None = None
    latitude: float | None = None
    longitude: float | None = None
    budget_eur: int | None = None
    funding: str = ""
    travel: str = ""
    team: str = ""
    supporters: str = ""
    co_hosts: str = ""
    trip_ideas: str = ""
    motivation: str = ""
    consent: bool = False


# The answers that have a column of the same name.
PLAIN = tuple(field.name for field in fields(Answers) if field.name not in ("member", "organisation", "consent"))


def answers_of(proposal: Proposal) -> Answers:
    """The current answers."""
    return Answers(
        member=proposal.proposed_by.slug if proposal.proposed_by else "",
        organisation=proposal.organisation,
        consent=proposal.consented_at is not None,
        **{name: getattr(proposal, name) for name in PLAIN},
    )


def missing_of(proposal: Proposal) -> tuple[str, ...]:
    """The names of the form's fields that a proposal lacks before it can be submitted."""
    return missing_to_submit(asdict(answers_of(proposal)))


def save_draft(
    session: Session,
    year: int,
    answers: Answers,
    *,
    language: str,
    consent_text: str,
    form_key: str,
    actor: Actor,
    now: datetime,
    keep_mail: bool = False,
) -> Proposal:
    """Start a proposal for a year's call and email its link; the same form sent twice gives one proposal and one email.

    Raises NoSuchCall, CallNotOpen, NotAMember, AnswersOutOfOrder, and TooManyMessages if the address was written to too
    often.
    """
    found = call_by_year(session, year)
    if found is None:
        raise NoSuchCall(str(year))
    # Two who send the same form come one after the other.
    call = locked_call(session, found.id)
    sent_before = session.scalar(select(Proposal).where(Proposal.form_key == form_key))
    if sent_before is not None:
        return sent_before
    _refuse_closed(call, now)
    refuse_flood(session, answers.contact_email, now)
    proposal = Proposal(
        call=call,
        reference=new_reference(),
        form_key=form_key,
        status=ProposalStatus.DRAFT,
        created_at=now,
        touched_at=now,
    )
    proposal.language = language
    _write(session, proposal, answers, consent_text, now)
    session.add(proposal)
    session.flush()
    _log(session, actor, now, "proposal_begun", proposal)
    enqueue(session, mails.draft_saved(proposal), now, keep=keep_mail, asked_for=True)
    return proposal


def change_proposal(
    session: Session,
    proposal_id: int,
    answers: Answers,
    *,
    consent_text: str,
    actor: Actor,
    now: datetime,
    seen: Answers | None = None,
) -> Proposal:
    """Make a draft or a submitted proposal say what `answers` say, which said what was `seen`.

    With another address the link ends: the new address is sent a new one, and the old one is told. Raises CallNotOpen,
    ProposalFixed, NotAMember, AnswersOutOfOrder, Incomplete if it is submitted, and TooManyMessages
    if the new address was written to too often.
    """
    proposal = open_proposal(session, proposal_id, now)
    refuse_changed(seen, answers_of(proposal))
    if answers_of(proposal) == answers:
        return proposal
    if proposal.status == ProposalStatus.SUBMITTED and (missing := missing_to_submit(asdict(answers))):
        raise Incomplete(missing)
    before, old_address, old_key = answers_of(proposal), proposal.contact_email, proposal.email_key
    _write(session, proposal, answers, consent_text, now)
    session.flush()
    changes = difference(vars(before), vars(answers_of(proposal)))
    _log(session, actor, now, "proposal_changed", proposal, changes=changes)
    if proposal.status == ProposalStatus.SUBMITTED:
        ask_co_hosts(session, proposal, now)
        if {"member", "contact_email"} & {*changes}:
            tell_member(session, proposal, now)
    if proposal.email_key != old_key:
        refuse_flood(session, proposal.contact_email, now)
        proposal.link_version += 1
        enqueue(session, mails.address_changed(proposal, old_address), now, asked_for=True)
        enqueue(session, mails.links(proposal.contact_email, [proposal]), now, asked_for=True)
    session.flush()
    return proposal


def submit_proposal(
    session: Session, proposal_id: int, actor: Actor, now: datetime, *, keep_mail: bool = False
) -> bool:
    """Hand a draft in; False if it was already. Raises CallNotOpen, ProposalFixed, Incomplete."""
    proposal = open_proposal(session, proposal_id, now)
    if proposal.status == ProposalStatus.SUBMITTED:
        return False
    if missing := missing_of(proposal):
        raise Incomplete(missing)
    proposal.submitted_at = now
    move(session, proposal, ProposalStatus.SUBMITTED, "proposal_submitted", actor, now)
    ask_co_hosts(session, proposal, now, keep_mail=keep_mail)
    enqueue(session, mails.received(proposal), now, keep=keep_mail)
    tell_of_receipt(session, proposal, now, keep_mail=keep_mail)
    tell_member(session, proposal, now, keep_mail=keep_mail)
    return True


def withdraw_proposal(session: Session, proposal_id: int, actor: Actor, now: datetime) -> bool:
    """Withdraw a proposal, for good, and tell everyone concerned; False if it already was.

    Raises ProposalFixed once it is decided about.
    """
    proposal = locked_proposal(session, proposal_id)
    if proposal.status == ProposalStatus.WITHDRAWN:
        return False
    was = ProposalStatus(proposal.status)
    move(session, proposal, ProposalStatus.WITHDRAWN, "proposal_withdrawn", actor, now)
    enqueue(session, mails.withdrawn(proposal, now), now)
    if was is not ProposalStatus.DRAFT:
        tell_of_withdrawal(session, proposal, was, now)
    return True


def let_everyone_read(session: Session, proposal_id: int, actor: Actor, now: datetime, *, agreed: bool) -> bool:
    """Record whether the proposer agrees that everyone reads the proposal; False if that was so already.

    Raises ProposalFixed for what was not submitted, or was withdrawn.
    """
    proposal = locked_proposal(session, proposal_id)
    if proposal.status not in RECEIVED:
        raise ProposalFixed(ProposalStatus(proposal.status))
    if agreed is (proposal.public_agreed_at is not None):
        return False
    changes = write(proposal, {"public_agreed_at": now if agreed else None})
    _log(session, actor, now, "proposal_public" if agreed else "proposal_not_public", proposal, changes=changes)
    session.flush()
    return True


def move(session: Session, proposal: Proposal, status: ProposalStatus, act: str, actor: Actor, now: datetime) -> None:
    """Give a locked proposal its next status, and log the act. Raises ProposalFixed if it cannot get there."""
    before = ProposalStatus(proposal.status)
    if not may_become(before, status):
        raise ProposalFixed(before)
    _log(session, actor, now, act, proposal, changes=write(proposal, {"status": status}))
    session.flush()


def send_links(session: Session, email: str, now: datetime) -> None:
    """Email the links to all proposals of an address to it. An unknown address gets nothing, and nobody learns that.

    Neither the answer nor its time shows whether there are any: it reads, renders and writes the same each time.
    """
    proposals = proposals_of_address(session, address_key(email))
    envelope = mails.links(email, proposals)
    is_meant = not is_flooded(session, email, now, kind=envelope.kind) and bool(proposals)
    # Without an address: an unknown one belongs to somebody who has nothing to do with us.
    act = "proposal_links_sent" if is_meant else "proposal_links_refused"
    record(session, VISITOR, now, act, scope=envelope.scope, about=envelope.about)
    enqueue_if(is_meant, session, envelope, now)


def open_proposal(session: Session, proposal_id: int, now: datetime) -> Proposal:
    """A proposal, locked, that can be changed still. Raises CallNotOpen, ProposalFixed."""
    proposal = locked_proposal(session, proposal_id)
    if proposal.status not in (ProposalStatus.DRAFT, ProposalStatus.SUBMITTED):
        raise ProposalFixed(ProposalStatus(proposal.status))
    _refuse_closed(proposal.call, now)
    # Whatever comes of it, somebody is at work on it.
    proposal.touched_at, proposal.end_told_at = now, None
    return proposal


def _refuse_closed(call: HostingCall, now: datetime) -> None:
    if not call.allows(Act.PROPOSE, now):
        raise CallNotOpen(call)


def _write(session: Session, proposal: Proposal, answers: Answers, consent_text: str, now: datetime) -> None:
    faults = faults_of(answers, proposal.call.year)
    if faults:
        raise AnswersOutOfOrder(faults, proposal.call.year)
    member = member_by_slug(session, answers.member) if answers.member else None
    if answers.member and (member is None or not member.is_active):
        raise NotAMember(answers.member)
    proposal.proposed_by = member.organisation if member else None
    if proposal.organisation != answers.organisation:
        # Another name may be a member's again.
        proposal.settled_at = None
    proposal.organisation = "" if member else answers.organisation
    proposal.email_key = address_key(answers.contact_email)
    for name in PLAIN:
        setattr(proposal, name, getattr(answers, name))
    if not answers.consent:
        proposal.consented_at, proposal.consent_text, proposal.public_agreed_at = None, "", None
    elif proposal.consented_at is None:
        proposal.consented_at, proposal.consent_text = now, consent_text
        proposal.public_agreed_at = now if proposal.call.proposals_public else None


def faults_of(answers: Answers, year: int) -> tuple[ProposalFault, ...]:
    """What does not go together in a proposal to host the edition of `year`."""
    faults = []
    days = [day for day in (answers.starts_on, answers.ends_on) if day]
    if len(days) == 2 and days[1] < days[0]:
        faults.append(ProposalFault.ENDS_BEFORE_IT_BEGINS)
    if any(day.year != year for day in days):
        faults.append(ProposalFault.NOT_IN_THE_YEAR)
    return tuple(faults)


def _log(session: Session, actor: Actor, now: datetime, act: str, proposal: Proposal, **details: Any) -> None:
    record(session, actor, now, act, scope=scope_of(proposal.call.year), about=proposal.reference, **details)
