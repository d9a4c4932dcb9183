"""What the chair does with a call for hosts: open, change, extend, close it; begin the review, set the shortlist."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from dofc_events.core.audit import Actor, record
from dofc_events.core.changes import difference, plain, refuse_changed, write
from dofc_events.core.clock import from_zone, in_zone
from dofc_events.core.errors import Refusal
from dofc_events.core.references import new_secret
from dofc_events.hosting import mails
from dofc_events.hosting.models import Criterion, HostingCall, Proposal, Review
from dofc_events.hosting.proposals.service import move
from dofc_events.hosting.queries import call_by_year, locked_call, locked_proposals, own_among, reviewers
from dofc_events.hosting.rules import MAX_WEIGHT, DateFault, ProposalStatus, scope_of
from dofc_events.mail.outbox import enqueue

DEFAULT_CRITERIA = (
    (_l("Location"), 2),
    (_l("Venue"), 2),
    (_l("Staffing"), 2),
    (_l("Funding"), 3),
    (_l("Supporting organisations"), 1),
    (_l("Ease of travel"), 2),
    (_l("Opportunity to widen the network"), 2),
    (_l("Experience"), 1),
)

# What proposers, reviewers and voters rely on from a moment on, and what may still be changed then.
FIXED_IN_REVIEW = frozenset(("zone", "opens_at", "closes_at", "review_opens_at"))
FREE_IN_BALLOT = frozenset(("text", "proposals_public"))
WINDOWS = ("closes_at", "review_opens_at", "review_closes_at", "ballot_opens_at", "ballot_closes_at")


class CallExists(Refusal):
    """The year has its call already."""


class CallDatesOutOfOrder(Refusal):
    """Dates that do not go together; `faults` says which, all of them."""

    def __init__(self, faults: tuple[DateFault, ...]) -> None:
        super().__init__(", ".join(faults))
        self.faults = faults


class CriteriaNotUsable(Refusal):
    """A call needs criteria, each with a name of its own and a weight from 1 to MAX_WEIGHT."""


class CriteriaFixed(Refusal):
    """Somebody has scored by these criteria."""


class TooLateToChange(Refusal):
    """`fields` of the call cannot be changed any more: others have acted on them."""

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__(", ".join(names))
        self.fields = names


class CallNotRunning(Refusal):
    """Only a call that is open can be closed."""


class CallStillOpen(Refusal):
    """Proposals can still be changed: they are neither reviewed nor shortlisted yet."""


class ShortlistFixed(Refusal):
    """Members are voting, or have voted, on the shortlist as it is."""


class NotUnderReview(Refusal):
    """The proposal with this `reference` cannot be on the shortlist."""

    def __init__(self, reference: str) -> None:
        super().__init__(reference)
        self.reference = reference


@dataclass(frozen=True, kw_only=True)
class CallDetails:
    """What a call says. Moments are aware, and meant in `zone`; `text` is Markdown; `quorum` counts ballots."""

    text: str
    zone: str
    opens_at: datetime
    closes_at: datetime
    review_opens_at: datetime
    review_closes_at: datetime
    ballot_opens_at: datetime
    ballot_closes_at: datetime
    quorum: int
    proposals_public: bool = False


Criteria = Sequence[tuple[str, int]]


def details_of(call: HostingCall) -> CallDetails:
    """The details as they stand."""
    return CallDetails(**{field.name: getattr(call, field.name) for field in fields(CallDetails)})


def open_call(
    session: Session,
    year: int,
    details: CallDetails,
    criteria: Criteria,
    actor: Actor,
    now: datetime,
    *,
    is_demo: bool = False,
) -> HostingCall:
    """Add the call for hosts of a year; proposals come in from its `opens_at` on. `criteria` are labels with weights.

    The seed by which the lot would decide is made here, before anybody can vote. Raises CallExists,
    CallDatesOutOfOrder, CriteriaNotUsable.
    """
    _refuse_disorder(details)
    call = HostingCall(year=year, seed=new_secret(), is_demo=is_demo, **vars(details))
    call.criteria = _made(criteria)
    try:
        with session.begin_nested():
            session.add(call)
    except IntegrityError:
        if call_by_year(session, year) is None:
            raise
        raise CallExists(str(year)) from None
    call.decision = None
    said = {name: plain(value) for name, value in vars(details).items()}
    _log(session, actor, now, "call_opened", call, criteria=dict(criteria), **said)
    return call


def change_call(
    session: Session,
    call_id: int,
    details: CallDetails,
    actor: Actor,
    now: datetime,
    *,
    seen: CallDetails | None = None,
) -> bool:
    """Make a call, which said what was `seen`, say what `details` say, and say whether any of it was different.

    Once the review has begun, the dates until then stay; once members vote, all but the text and whether proposals are
    public. Raises CallDatesOutOfOrder, TooLateToChange.
    """
    call = locked_call(session, call_id)
    refuse_changed(seen, details_of(call))
    changes = difference(vars(details_of(call)), vars(details))
    if not changes:
        return False
    _refuse_late(call, changes, now)
    _refuse_disorder(details)
    write(call, vars(details))
    _log(session, actor, now, "call_changed", call, changes=changes)
    session.flush()
    return True


def extend_call(
    session: Session,
    call_id: int,
    closes_at: datetime,
    actor: Actor,
    now: datetime,
    *,
    seen: datetime | None = None,
) -> bool:
    """Let a call close later than was `seen`; review and ballot move by as many days, at the same times of day.

    Raises CallDatesOutOfOrder if it would close earlier, and TooLateToChange.
    """
    call = locked_call(session, call_id)
    refuse_changed(seen, call.closes_at)
    distance = in_zone(closes_at, call.zone).date() - in_zone(call.closes_at, call.zone).date()
    if closes_at < call.closes_at:
        raise CallDatesOutOfOrder((DateFault.CLOSES_BEFORE_IT_OPENS,))
    moved: dict[str, Any] = {name: _days_later(getattr(call, name), distance, call.zone) for name in WINDOWS}
    moved["closes_at"] = closes_at
    moved["review_opens_at"] = max(moved["review_opens_at"], closes_at)
    return change_call(session, call_id, replace(details_of(call), **moved), actor, now)


def close_call(session: Session, call_id: int, actor: Actor, now: datetime) -> None:
    """Take no more proposals from this moment on; review and ballot keep their dates. Raises CallNotRunning."""
    call = locked_call(session, call_id)
    if not call.takes_proposals(now) or now == call.opens_at:
        raise CallNotRunning(str(call.year))
    change_call(session, call_id, replace(details_of(call), closes_at=now), actor, now)


def set_criteria(
    session: Session,
    call_id: int,
    criteria: Criteria,
    actor: Actor,
    now: datetime,
    *,
    seen: Criteria | None = None,
) -> bool:
    """Make a call's criteria exactly these labels with these weights, in this order; False if they were already.

    `seen` are those until now. Raises CriteriaFixed once somebody gave a review, and CriteriaNotUsable.
    """
    call = locked_call(session, call_id)
    before = [(criterion.label, criterion.weight) for criterion in call.criteria]
    refuse_changed(seen, before)
    if before == list(criteria):
        return False
    reviewed = select(Review.id).join(Proposal, Proposal.id == Review.proposal_id).where(Proposal.call_id == call_id)
    if session.scalar(reviewed.limit(1)) is not None:
        raise CriteriaFixed(str(call.year))
    made = _made(criteria)
    for criterion in call.criteria:
        session.delete(criterion)
    session.flush()
    call.criteria = made
    _log(session, actor, now, "criteria_changed", call, changes={"criteria": [dict(before), dict(criteria)]})
    session.flush()
    return True


def start_review(session: Session, call_id: int, actor: Actor, now: datetime, *, keep_mail: bool = False) -> int:
    """Put what was submitted under review, and tell its proposers and who reviews it; returns how many.

    Raises CallStillOpen.
    """
    call = locked_call(session, call_id)
    _refuse_open(call, now)
    submitted = [p for p in locked_proposals(session, call_id) if p.status == ProposalStatus.SUBMITTED]
    for proposal in submitted:
        move(session, proposal, ProposalStatus.UNDER_REVIEW, "proposal_under_review", actor, now)
        enqueue(session, mails.under_review(proposal), now, keep=keep_mail)
    if now < call.review_closes_at:
        for reviewer in reviewers(session, now):
            own = own_among(session, submitted, reviewer.id, now)
            if theirs := [proposal for proposal in submitted if proposal.id not in own]:
                enqueue(session, mails.review_begins(call, theirs, reviewer), now, keep=keep_mail)
    return len(submitted)


def set_shortlist(
    session: Session,
    call_id: int,
    references: Collection[str],
    actor: Actor,
    now: datetime,
    *,
    keep_mail: bool = False,
    seen: Collection[str] | None = None,
) -> bool:
    """Make the shortlist, which was `seen`, exactly these proposals; returns whether that is new for anybody.

    They are told.

    Raises CallStillOpen, ShortlistFixed once the ballot was opened, NotUnderReview.
    """
    call = locked_call(session, call_id)
    _refuse_open(call, now)
    if call.ballot_opened_at is not None:
        raise ShortlistFixed(str(call.year))
    proposals = {proposal.reference: proposal for proposal in locked_proposals(session, call_id)}
    on_it = {r for r, proposal in proposals.items() if proposal.status == ProposalStatus.SHORTLISTED}
    refuse_changed(None if seen is None else {*seen}, on_it)
    for reference in sorted({*references} - on_it):
        proposal = proposals.get(reference)
        if proposal is None or proposal.status != ProposalStatus.UNDER_REVIEW:
            raise NotUnderReview(reference)
        move(session, proposal, ProposalStatus.SHORTLISTED, "proposal_shortlisted", actor, now)
        enqueue(session, mails.shortlisted(proposal), now, keep=keep_mail)
    for reference in sorted(on_it - {*references}):
        move(session, proposals[reference], ProposalStatus.UNDER_REVIEW, "proposal_off_shortlist", actor, now)
        enqueue(session, mails.under_review(proposals[reference], again=True), now, keep=keep_mail)
    return on_it != {*references}


def _made(criteria: Criteria) -> list[Criterion]:
    labels = {label for label, _ in criteria}
    if not criteria or len(labels) < len(criteria) or any(not 1 <= weight <= MAX_WEIGHT for _, weight in criteria):
        raise CriteriaNotUsable
    return [Criterion(label=label, weight=weight, position=i) for i, (label, weight) in enumerate(criteria)]


def faults_in_order(details: CallDetails) -> tuple[DateFault, ...]:
    """What would end before it begins, or begin before what has to come first."""
    in_order = {
        DateFault.CLOSES_BEFORE_IT_OPENS: details.opens_at < details.closes_at,
        DateFault.REVIEW_BEFORE_CLOSE: details.closes_at <= details.review_opens_at,
        DateFault.REVIEW_ENDS_BEFORE_IT_BEGINS: details.review_opens_at < details.review_closes_at,
        DateFault.BALLOT_BEFORE_REVIEW: details.review_closes_at <= details.ballot_opens_at,
        DateFault.BALLOT_ENDS_BEFORE_IT_BEGINS: details.ballot_opens_at < details.ballot_closes_at,
    }
    return tuple(fault for fault, holds in in_order.items() if not holds)


def _refuse_disorder(details: CallDetails) -> None:
    faults = faults_in_order(details)
    if faults:
        raise CallDatesOutOfOrder(faults)


def _refuse_late(call: HostingCall, changed: Collection[str], now: datetime) -> None:
    if call.ballot_opened_at is not None:
        late = set(changed) - FREE_IN_BALLOT
    else:
        late = set(changed) & FIXED_IN_REVIEW if now >= call.review_opens_at else set()
    if late:
        raise TooLateToChange(tuple(sorted(late)))


def _refuse_open(call: HostingCall, now: datetime) -> None:
    if now < call.closes_at:
        raise CallStillOpen(str(call.year))


def _days_later(moment: datetime, distance: timedelta, zone: str) -> datetime:
    local = in_zone(moment, zone)
    return from_zone(local.date() + distance, local.time(), zone)


def _log(session: Session, actor: Actor, now: datetime, act: str, call: HostingCall, **details: Any) -> None:
    record(session, actor, now, act, scope=scope_of(call.year), **details)
