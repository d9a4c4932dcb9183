"""The chair's decision: prepared privately, then announced to all proposers at once."""

from datetime import datetime

from sqlalchemy.orm import Session

from dofc_events.conference.models import Edition
from dofc_events.conference.service import EditionExists
from dofc_events.core.audit import Actor, record
from dofc_events.core.changes import refuse_changed
from dofc_events.core.clock import zones
from dofc_events.core.countries import zones_of
from dofc_events.core.errors import Refusal
from dofc_events.hosting import mails
from dofc_events.hosting.ballots.queries import ballots_of, counted
from dofc_events.hosting.ballots.rules import NONE_OF_THESE
from dofc_events.hosting.decisions.rules import Because, needs_reason
from dofc_events.hosting.models import Decision, HostingCall, Proposal
from dofc_events.hosting.news.service import tell_of_outcome
from dofc_events.hosting.next_edition.service import create_next_edition
from dofc_events.hosting.proposals.service import move
from dofc_events.hosting.queries import edition_in_the_way, locked_call, locked_proposals
from dofc_events.hosting.rules import PENDING, ProposalStatus, scope_of
from dofc_events.hosting.stages.rules import Act, refuse_unless
from dofc_events.mail.outbox import enqueue

# The reference of the accepted proposal, the edition's zone, the words to its host and to the others, the reason.
Prepared = tuple[str | None, str, str, str, str]


class NotShortlisted(Refusal):
    """Only a proposal on the shortlist can be accepted."""


class ZoneNeeded(Refusal):
    """The proposal's country does not have exactly one zone; `zones` are its zones, empty if unknown."""

    def __init__(self, zones: tuple[str, ...]) -> None:
        super().__init__(", ".join(zones))
        self.zones = zones


class ReasonNeeded(Refusal):
    """The network did not decide this, as `because` says: a reason must be published with it."""

    def __init__(self, because: Because) -> None:
        super().__init__(because)
        self.because = because


class NothingPrepared(Refusal):
    """There is no decision to announce."""


def prepared(decision: Decision | None) -> Prepared:
    """The announcement, as prepared so far."""
    if decision is None:
        return None, "", "", "", ""
    reference = decision.proposal.reference if decision.proposal else None
    return reference, decision.zone, decision.words_to_host, decision.words_to_others, decision.reason


def prepare_decision(
    session: Session,
    call_id: int,
    *,
    reference: str | None,
    zone: str,
    words_to_host: str,
    words_to_others: str,
    reason: str,
    actor: Actor,
    now: datetime,
    seen: Prepared | None = None,
) -> Decision:
    """Write down what is going to be announced, instead of what was before, which was `seen`; nobody is told.

    `reference` is that of the proposal to accept, or None to accept none. `zone` may be empty where the country has one
    alone. Raises WrongStage, NotShortlisted, EditionExists, ReasonNeeded, ZoneNeeded.
    """
    call = locked_call(session, call_id)
    pending = [p for p in locked_proposals(session, call_id) if p.status in PENDING]
    proposals = {p.reference: p for p in pending if p.status == ProposalStatus.SHORTLISTED}
    refuse_unless(Act.DECIDE, call.stage(now))
    if reference is not None and reference not in proposals:
        raise NotShortlisted(reference)
    chosen = proposals[reference] if reference is not None else None
    if chosen and edition_in_the_way(session, call.year):
        raise EditionExists(str(call.year))
    because = reason_for(call, reference or NONE_OF_THESE)
    if pending and because and not reason:
        raise ReasonNeeded(because)
    decision = call.decision
    refuse_changed(seen, prepared(decision))
    before = prepared(decision)[0]
    if decision is None:
        decision = Decision(call_id=call_id)
        session.add(decision)
    decision.proposal = chosen
    decision.zone = _zone_of(chosen, zone) if chosen else ""
    decision.words_to_host, decision.words_to_others, decision.reason = words_to_host, words_to_others, reason
    decision.prepared_at = now
    changes = {"proposal": [before, reference]}
    record(session, actor, now, "decision_prepared", scope=scope_of(call.year), changes=changes)
    session.flush()
    return decision


def reason_for(call: HostingCall, choice: str) -> Because | None:
    """Why accepting `choice`, a reference or `none`, needs a reason, by what was counted."""
    count = counted(call)
    return needs_reason(count.order if count else None, len(ballots_of(call)), call.quorum, choice)


def announce_decision(
    session: Session, call_id: int, actor: Actor, now: datetime, *, seen: Prepared | None = None
) -> Edition | None:
    """Tell all proposers, each what it means for them, their co-hosts, and all who judged or voted.

    What is accepted becomes the next edition, as a draft. All of it in one transaction, or nothing. Raises WrongStage,
    NothingPrepared, NotShortlisted if the proposer has withdrawn meanwhile, EditionExists, and ChangedMeanwhile if
    another decision has been prepared than the one `seen`.
    """
    call = locked_call(session, call_id)
    decision = call.decision
    refuse_unless(Act.ANNOUNCE, call.stage(now))
    if decision is None:
        raise NothingPrepared
    refuse_changed(seen, prepared(decision))
    proposals = [p for p in locked_proposals(session, call_id) if p.status in PENDING]
    accepted = next((p for p in proposals if p.id == decision.proposal_id), None)
    if decision.proposal_id is not None and accepted is None:
        raise NotShortlisted
    edition = create_next_edition(session, accepted, decision.zone, actor, now) if accepted else None
    decision.announced_at, decision.edition = now, edition
    for proposal in proposals:
        if proposal is accepted and edition:
            move(session, proposal, ProposalStatus.ACCEPTED, "proposal_accepted", actor, now)
            enqueue(session, mails.accepted(proposal, decision, edition.year), now)
        else:
            move(session, proposal, ProposalStatus.DECLINED, "proposal_declined", actor, now)
            enqueue(session, mails.declined(proposal, decision), now)
    tell_of_outcome(session, call, decision, proposals, now)
    record(
        session,
        actor,
        now,
        "decision_announced",
        scope=scope_of(call.year),
        accepted=accepted.reference if accepted else None,
    )
    session.flush()
    return edition


def _zone_of(proposal: Proposal, wanted: str) -> str:
    own = zones_of(proposal.country)
    if len(own) == 1:
        return own[0]
    if wanted not in (own or zones()):
        raise ZoneNeeded(own)
    return wanted
