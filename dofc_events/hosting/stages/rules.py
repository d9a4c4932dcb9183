"""The stages of a call for hosts, what moves it from one to the next, and what can be changed in each: all as tables.

A call goes from stage to stage by its dates (`LASTS_UNTIL`) and by acts (`TRANSITIONS`), some of which move dates.
Stages do not overlap: an act is refused in every stage that its row does not name.
"""

import enum
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta

from dofc_events.core.clock import end_of_day, from_zone, in_zone
from dofc_events.core.errors import Refusal


class Stage(enum.StrEnum):
    """Where a call for hosts stands. It follows from its dates, and from what was done."""

    NOT_YET = "not_yet"
    OPEN = "open"
    CLOSED = "closed"  # no more proposals, and no reviews yet
    REVIEW = "review"
    SHORTLIST = "shortlist"  # reviews have ended, and the ballot has not been opened
    NO_BALLOT = "no_ballot"  # the time of the ballot has passed, and it was never opened
    BALLOT = "ballot"
    COUNT = "count"  # the ballot is over, and not counted yet
    DECISION = "decision"
    ANNOUNCED = "announced"


class Act(enum.StrEnum):
    """Acts on a call, each possible only in some stages."""

    DELETE = "delete"  # a call without any proposal
    PROPOSE = "propose"
    CLOSE = "close"
    EXTEND = "extend"
    CONFIRM = "confirm"  # a co-host
    SETTLE = "settle"  # whether a proposer is a member
    BEGIN_REVIEW = "begin_review"
    REVIEW = "review"
    SET_SHORTLIST = "set_shortlist"
    OPEN_BALLOT = "open_ballot"
    VOTE = "vote"
    COUNT = "count"
    DECIDE = "decide"
    ANNOUNCE = "announce"


# Where each act leads, from each stage in which it can be done.
TRANSITIONS: Mapping[Act, Mapping[Stage, Stage]] = {
    Act.DELETE: {
        stage: stage
        for stage in (Stage.NOT_YET, Stage.OPEN, Stage.CLOSED, Stage.REVIEW, Stage.SHORTLIST, Stage.NO_BALLOT)
    },
    Act.PROPOSE: {Stage.OPEN: Stage.OPEN},
    Act.CLOSE: {Stage.OPEN: Stage.CLOSED},
    Act.EXTEND: {Stage.OPEN: Stage.OPEN, Stage.CLOSED: Stage.OPEN},
    Act.CONFIRM: {stage: stage for stage in (Stage.OPEN, Stage.CLOSED, Stage.REVIEW, Stage.SHORTLIST)},
    Act.SETTLE: {stage: stage for stage in (Stage.OPEN, Stage.CLOSED, Stage.REVIEW, Stage.SHORTLIST, Stage.NO_BALLOT)},
    # The worker puts under review what was submitted, however late it comes.
    Act.BEGIN_REVIEW: {
        Stage.CLOSED: Stage.REVIEW,
        **{stage: stage for stage in (Stage.REVIEW, Stage.SHORTLIST, Stage.NO_BALLOT)},
    },
    Act.REVIEW: {Stage.REVIEW: Stage.REVIEW},
    Act.SET_SHORTLIST: {stage: stage for stage in (Stage.REVIEW, Stage.SHORTLIST, Stage.NO_BALLOT)},
    Act.OPEN_BALLOT: {Stage.SHORTLIST: Stage.BALLOT},
    Act.VOTE: {Stage.BALLOT: Stage.BALLOT},
    Act.COUNT: {Stage.COUNT: Stage.DECISION},
    Act.DECIDE: {stage: stage for stage in (Stage.NO_BALLOT, Stage.DECISION)},
    Act.ANNOUNCE: dict.fromkeys((Stage.NO_BALLOT, Stage.DECISION), Stage.ANNOUNCED),
}


@dataclass(frozen=True, kw_only=True)
class Dates:
    """The windows of a call, one after the other. The opening moment of each belongs to it, its end does not."""

    opens_at: datetime
    closes_at: datetime
    review_opens_at: datetime
    review_closes_at: datetime
    ballot_opens_at: datetime
    ballot_closes_at: datetime


DATES = tuple(field.name for field in fields(Dates))

# Until when each stage lasts, by the clock alone; after the last of them there was no ballot.
LASTS_UNTIL: Mapping[Stage, str] = {
    Stage.NOT_YET: "opens_at",
    Stage.OPEN: "closes_at",
    Stage.CLOSED: "review_opens_at",
    Stage.REVIEW: "review_closes_at",
    Stage.SHORTLIST: "ballot_closes_at",
}

_UNTIL_THE_BALLOT = frozenset(("text", "proposals_public", "quorum", "ballot_opens_at", "ballot_closes_at"))
# What may be changed in each stage: nothing that others have acted on. When a call closes, `EXTEND` and `CLOSE` change.
EDITABLE: Mapping[Stage, frozenset[str]] = {
    Stage.NOT_YET: _UNTIL_THE_BALLOT | {"zone", *DATES},
    Stage.OPEN: _UNTIL_THE_BALLOT | {"review_opens_at", "review_closes_at"},
    Stage.CLOSED: _UNTIL_THE_BALLOT | {"review_opens_at", "review_closes_at"},
    Stage.REVIEW: _UNTIL_THE_BALLOT | {"review_closes_at"},
    Stage.SHORTLIST: _UNTIL_THE_BALLOT,
    Stage.NO_BALLOT: _UNTIL_THE_BALLOT,
    **dict.fromkeys((Stage.BALLOT, Stage.COUNT, Stage.DECISION), frozenset(("text", "proposals_public"))),
    Stage.ANNOUNCED: frozenset(),
}


class DateFault(enum.StrEnum):
    """What can be wrong with a call's dates, taken together."""

    CLOSES_BEFORE_IT_OPENS = "closes_before_it_opens"
    REVIEW_BEFORE_CLOSE = "review_before_close"
    REVIEW_ENDS_BEFORE_IT_BEGINS = "review_ends_before_it_begins"
    BALLOT_BEFORE_REVIEW = "ballot_before_review"
    BALLOT_ENDS_BEFORE_IT_BEGINS = "ballot_ends_before_it_begins"


class WrongStage(Refusal):
    """The act is not possible in the `stage` of the call."""

    def __init__(self, act: Act, stage: Stage) -> None:
        super().__init__(f"{act} in {stage}")
        self.act, self.stage = act, stage


def stage_of(
    dates: Dates,
    now: datetime,
    *,
    ballot_opened: bool = False,
    counted: bool = False,
    announced: bool = False,
) -> Stage:
    """The stage of a call at `now`: acts take precedence over dates."""
    if announced:
        return Stage.ANNOUNCED
    if counted:
        return Stage.DECISION
    # Clocks of two machines may differ: what the worker's opened is not open here before its time.
    if ballot_opened and now >= dates.ballot_opens_at:
        return Stage.BALLOT if now < dates.ballot_closes_at else Stage.COUNT
    return next((stage for stage, end in LASTS_UNTIL.items() if now < getattr(dates, end)), Stage.NO_BALLOT)


def allows(act: Act, stage: Stage) -> bool:
    """Whether an act can be done in a stage."""
    return stage in TRANSITIONS[act]


def refuse_unless(act: Act, stage: Stage) -> None:
    """Raise WrongStage unless the act can be done in this stage."""
    if not allows(act, stage):
        raise WrongStage(act, stage)


def fixed_among(changed: Collection[str], stage: Stage) -> tuple[str, ...]:
    """Which of these settings cannot be changed in a stage, in alphabetical order."""
    return tuple(sorted(set(changed) - EDITABLE[stage]))


def changed_dates(before: Dates, after: Dates) -> tuple[str, ...]:
    """The names of the dates that have changed, in their order."""
    return tuple(name for name in DATES if getattr(before, name) != getattr(after, name))


def closed_now(dates: Dates, now: datetime) -> Dates:
    """The dates of a call that closes at `now`: reviews and ballot keep theirs."""
    return replace(dates, closes_at=now)


def extended(dates: Dates, closes_at: datetime, zone: str) -> Dates:
    """The dates of a call that closes at `closes_at` instead.

    Reviews and ballot move only if reviews would begin before that: then all by the same number of days, as few as
    possible, keeping their times of day in `zone`.
    """
    days, begins = 0, dates.review_opens_at
    if begins < closes_at:
        days = (in_zone(closes_at, zone).date() - in_zone(begins, zone).date()).days
        days += _days_later(begins, days, zone) < closes_at
    later = {name: _days_later(getattr(dates, name), days, zone) for name in DATES[2:]}
    return replace(dates, closes_at=closes_at, **later)


def review_begun(dates: Dates, now: datetime) -> Dates:
    """The dates of a call whose review begins at `now`, or began before; it ends when it was to end."""
    return replace(dates, review_opens_at=min(now, dates.review_opens_at))


def faults_in_order(dates: Dates) -> tuple[DateFault, ...]:
    """The dates that would end before they begin, or begin before what has to come first."""
    in_order = {
        DateFault.CLOSES_BEFORE_IT_OPENS: dates.opens_at < dates.closes_at,
        DateFault.REVIEW_BEFORE_CLOSE: dates.closes_at <= dates.review_opens_at,
        DateFault.REVIEW_ENDS_BEFORE_IT_BEGINS: dates.review_opens_at < dates.review_closes_at,
        DateFault.BALLOT_BEFORE_REVIEW: dates.review_closes_at <= dates.ballot_opens_at,
        DateFault.BALLOT_ENDS_BEFORE_IT_BEGINS: dates.ballot_opens_at < dates.ballot_closes_at,
    }
    return tuple(fault for fault, holds in in_order.items() if not holds)


def decided_within(year: int, dates: Dates, zone: str) -> bool:
    """Whether the ballot closes before a year is over in `zone`."""
    return dates.ballot_closes_at <= end_of_day(date(year, 12, 31), zone)


def _days_later(moment: datetime, days: int, zone: str) -> datetime:
    if not days:
        # A moment that occurs twice on the clock stays which of the two it is.
        return moment
    local = in_zone(moment, zone)
    return from_zone(local.date() + timedelta(days=days), local.time(), zone)
