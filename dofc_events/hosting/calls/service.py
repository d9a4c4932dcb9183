"""Acts of the chair on a call for hosts: open, change, extend, close it; begin the review, set the shortlist."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from dofc_events.core.audit import Actor, record
from dofc_events.core.changes import difference, plain, refuse_changed, write
from dofc_events.core.errors import Refusal
from dofc_events.core.references import new_secret
from dofc_events.hosting import mails
from dofc_events.hosting.membership.queries import unsettled
from dofc_events.hosting.models import Criterion, HostingCall
from dofc_events.hosting.proposals.service import move
from dofc_events.hosting.queries import (
    call_by_year,
    concerned_by,
    edition_in_the_way,
    locked_call,
    locked_proposals,
    proposals_of,
    who_reviews,
)
from dofc_events.hosting.reviews.queries import is_scored
from dofc_events.hosting.rules import MAX_WEIGHT, ProposalStatus, scope_of
from dofc_events.hosting.stages.rules import (
    DATES,
    Act,
    DateFault,
    Dates,
    Stage,
    changed_dates,
    closed_now,
    decided_within,
    extended,
    faults_in_order,
    fixed_among,
    refuse_unless,
    review_begun,
)
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


class CallExists(Refusal):
    """The year already has a call."""


class YearTaken(Refusal):
    """The year's edition has already been published: no proposal can become it."""


class YearHasPassed(Refusal):
    """The year would be over before its host is known."""


class CallNotEmpty(Refusal):
    """Somebody has started a proposal, even a draft or one since withdrawn."""


class CallDatesOutOfOrder(Refusal):
    """Dates that contradict each other; `faults` says which, all of them."""

    def __init__(self, faults: tuple[DateFault, ...]) -> None:
        super().__init__(", ".join(faults))
        self.faults = faults


class CriteriaNotUsable(Refusal):
    """A call needs criteria, each with its own name and a weight from 1 to MAX_WEIGHT."""


class CriteriaFixed(Refusal):
    """Somebody has scored by these criteria."""


class TooLateToChange(Refusal):
    """`fields` of the call can no longer be changed: others have acted on them."""

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__(", ".join(names))
        self.fields = names


class DatesHavePassed(Refusal):
    """These `fields` of the call would be in the past: their stage would end immediately."""

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__(", ".join(names))
        self.fields = names


class NotLater(Refusal):
    """A call can only be extended to a future moment, later than the one announced."""


class NotUnderReview(Refusal):
    """The proposal with this `reference` cannot be on the shortlist."""

    def __init__(self, reference: str) -> None:
        super().__init__(reference)
        self.reference = reference


@dataclass(frozen=True, kw_only=True)
class CallDetails(Dates):
    """What a call says. Moments are aware, and meant in `zone`; `text` is Markdown; `quorum` counts ballots."""

    text: str
    zone: str
    quorum: int
    proposals_public: bool = False


Criteria = Sequence[tuple[str, int]]


def details_of(call: HostingCall) -> CallDetails:
    """The current details."""
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

    The seed by which the lot would decide is made here, before anybody can vote. Raises CallExists, YearTaken,
    YearHasPassed, DatesHavePassed, CallDatesOutOfOrder, CriteriaNotUsable.
    """
    if edition_in_the_way(session, year):
        raise YearTaken(str(year))
    _refuse_passed(vars(details), now)
    _refuse_disorder(details)
    _refuse_too_late(year, details, details.zone)
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
    """Change a call, which said what was `seen`, to these `details`; returns whether anything is different.

    Only what its stage allows (`EDITABLE`) can be changed; people affected by other dates are told. If proposals become
    public, each proposer who agreed to something else is asked. Raises TooLateToChange, DatesHavePassed,
    CallDatesOutOfOrder and YearHasPassed.
    """
    call = locked_call(session, call_id)
    before = details_of(call)
    refuse_changed(seen, before)
    changes = difference(vars(before), vars(details))
    if not changes:
        return False
    if fixed := fixed_among(changes, call.stage(now)):
        raise TooLateToChange(fixed)
    _refuse_passed({name: getattr(details, name) for name in changes}, now)
    _refuse_disorder(details)
    if "ballot_closes_at" in changes:
        _refuse_too_late(call.year, details, details.zone)
    _change(session, call, details, "call_changed", actor, now)
    if "proposals_public" in changes and call.proposals_public:
        for proposal in proposals_of(session, call_id):
            if proposal.public_agreed_at is None:
                enqueue(session, mails.may_be_public(proposal), now)
    return True


def extend_call(
    session: Session,
    call_id: int,
    closes_at: datetime,
    actor: Actor,
    now: datetime,
    *,
    seen: datetime | None = None,
) -> None:
    """Move the close of a call to a later time than was `seen`, or open it again; later dates move as `extended` says.

    Everybody concerned is told. Raises WrongStage once the review has begun, NotLater and YearHasPassed.
    """
    call = locked_call(session, call_id)
    refuse_changed(seen, call.closes_at)
    refuse_unless(Act.EXTEND, call.stage(now))
    if closes_at <= max(call.closes_at, now):
        raise NotLater
    dates = extended(call.dates, closes_at, call.zone)
    _refuse_too_late(call.year, dates, call.zone)
    _change(session, call, dates, "call_extended", actor, now)


def close_call(session: Session, call_id: int, actor: Actor, now: datetime) -> None:
    """Close a call from this moment on, and tell those who counted on more time. Raises WrongStage."""
    call = locked_call(session, call_id)
    refuse_unless(Act.CLOSE, call.stage(now))
    _change(session, call, closed_now(call.dates, now), "call_closed", actor, now)


def delete_call(session: Session, call_id: int, actor: Actor, now: datetime) -> None:
    """Delete a call for which nobody has started a proposal, with its criteria. Raises WrongStage, CallNotEmpty."""
    call = locked_call(session, call_id)
    refuse_unless(Act.DELETE, call.stage(now))
    if locked_proposals(session, call_id):
        raise CallNotEmpty(str(call.year))
    for row in (*call.criteria, *([call.decision] if call.decision else ())):
        session.delete(row)
    session.flush()
    session.delete(call)
    _log(session, actor, now, "call_deleted", call)
    session.flush()


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
    if is_scored(session, call_id):
        raise CriteriaFixed(str(call.year))
    made = _made(criteria)
    for criterion in call.criteria:
        session.delete(criterion)
    session.flush()
    call.criteria = made
    _log(session, actor, now, "criteria_changed", call, changes={"criteria": [dict(before), dict(criteria)]})
    session.flush()
    return True


def start_review(session: Session, call_id: int, actor: Actor, now: datetime) -> int:
    """Put what was submitted under review, and tell its proposers and who reviews it; returns how many.

    From then on the call cannot be extended: where its date says later, the review begins now. What may come from a
    member under another name waits until the chair has settled that. Raises WrongStage.
    """
    call = locked_call(session, call_id)
    refuse_unless(Act.BEGIN_REVIEW, call.stage(now))
    if changes := write(call, vars(review_begun(call.dates, now))):
        _log(session, actor, now, "review_begun", call, changes=changes)
    submitted = [p for p in locked_proposals(session, call_id) if p.status == ProposalStatus.SUBMITTED]
    waiting = unsettled(session, submitted)
    submitted = [proposal for proposal in submitted if proposal.id not in waiting]
    for proposal in submitted:
        move(session, proposal, ProposalStatus.UNDER_REVIEW, "proposal_under_review", actor, now)
        enqueue(session, mails.under_review(proposal), now)
    for reviewer, theirs in who_reviews(session, call, submitted, now):
        enqueue(session, mails.review_begins(call, theirs, reviewer), now)
    return len(submitted)


def set_shortlist(
    session: Session,
    call_id: int,
    references: Collection[str],
    actor: Actor,
    now: datetime,
    *,
    seen: Collection[str] | None = None,
) -> bool:
    """Make the shortlist, which was `seen`, exactly these proposals; returns whether that is new for anybody.

    They are told.

    Raises WrongStage before the review and once the ballot was opened, NotUnderReview.
    """
    call = locked_call(session, call_id)
    refuse_unless(Act.SET_SHORTLIST, call.stage(now))
    proposals = {proposal.reference: proposal for proposal in locked_proposals(session, call_id)}
    on_it = {r for r, proposal in proposals.items() if proposal.status == ProposalStatus.SHORTLISTED}
    refuse_changed(None if seen is None else {*seen}, on_it)
    for reference in sorted({*references} - on_it):
        proposal = proposals.get(reference)
        if proposal is None or proposal.status != ProposalStatus.UNDER_REVIEW:
            raise NotUnderReview(reference)
        move(session, proposal, ProposalStatus.SHORTLISTED, "proposal_shortlisted", actor, now)
        enqueue(session, mails.shortlisted(proposal), now)
    for reference in sorted(on_it - {*references}):
        move(session, proposals[reference], ProposalStatus.UNDER_REVIEW, "proposal_off_shortlist", actor, now)
        enqueue(session, mails.under_review(proposals[reference], again=True), now)
    return on_it != {*references}


def _made(criteria: Criteria) -> list[Criterion]:
    labels = {label for label, _ in criteria}
    if not criteria or len(labels) < len(criteria) or any(not 1 <= weight <= MAX_WEIGHT for _, weight in criteria):
        raise CriteriaNotUsable
    return [Criterion(label=label, weight=weight, position=i) for i, (label, weight) in enumerate(criteria)]


def _refuse_disorder(details: CallDetails) -> None:
    faults = faults_in_order(details)
    if faults:
        raise CallDatesOutOfOrder(faults)


def _refuse_too_late(year: int, dates: Dates, zone: str) -> None:
    if not decided_within(year, dates, zone):
        raise YearHasPassed(str(year))


def _refuse_passed(values: Mapping[str, Any], now: datetime) -> None:
    # A call may already be open when it is created.
    passed = tuple(name for name in DATES[1:] if name in values and values[name] <= now)
    if passed:
        raise DatesHavePassed(passed)


def _change(session: Session, call: HostingCall, values: Dates, act: str, actor: Actor, now: datetime) -> None:
    """Write what is new about a call, and tell people affected by other dates; nobody is told before it has opened."""
    before, stage = call.dates, call.stage(now)
    _log(session, actor, now, act, call, changes=write(call, vars(values)))
    session.flush()
    moved = changed_dates(before, call.dates)
    if stage is Stage.NOT_YET or not moved:
        return
    proposals, accounts = concerned_by(session, call.id, moved, now)
    for proposal in proposals:
        enqueue(session, mails.dates_changed(proposal, before), now)
    for account in accounts:
        enqueue(session, mails.dates_changed_for_account(call, before, account), now)


def _log(session: Session, actor: Actor, now: datetime, act: str, call: HostingCall, **details: Any) -> None:
    record(session, actor, now, act, scope=scope_of(call.year), **details)
