"""The stage of a call, what may be done in it, and what that does to its dates."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dofc_events.core.clock import from_zone
from dofc_events.hosting.stages.rules import (
    DATES,
    EDITABLE,
    TRANSITIONS,
    Act,
    DateFault,
    Dates,
    Stage,
    WrongStage,
    changed_dates,
    closed_now,
    decided_within,
    extended,
    faults_in_order,
    fixed_among,
    refuse_unless,
    review_begun,
    stage_of,
)

T = datetime(2027, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
ZONE = "Europe/Belgrade"
DATES_OF_T = Dates(**{name: T + i * 10 * DAY for i, name in enumerate(DATES)})
A, S = Act, Stage


def in_days(*days: int) -> Dates:
    return Dates(**dict(zip(DATES, (T + day * DAY for day in days), strict=True)))


@pytest.mark.parametrize(
    ("at", "stage"),
    [
        (T - SECOND, S.NOT_YET),
        (T, S.OPEN),
        (T + 10 * DAY - SECOND, S.OPEN),
        (T + 10 * DAY, S.CLOSED),
        (T + 20 * DAY, S.REVIEW),
        (T + 30 * DAY, S.SHORTLIST),
        (T + 40 * DAY, S.SHORTLIST),
        (T + 50 * DAY, S.NO_BALLOT),
    ],
)
def test_a_call_stands_where_its_dates_say_and_what_was_done_goes_before(at, stage):
    assert stage_of(DATES_OF_T, at) is stage
    assert stage_of(DATES_OF_T, at, announced=True, counted=True, ballot_opened=True) is S.ANNOUNCED
    assert stage_of(DATES_OF_T, at, counted=True, ballot_opened=True) is S.DECISION
    opened = S.COUNT if stage is S.NO_BALLOT else S.BALLOT if at >= DATES_OF_T.ballot_opens_at else stage
    assert stage_of(DATES_OF_T, at, ballot_opened=True) is opened


@pytest.mark.parametrize(
    ("act", "stages"),
    [
        (A.DELETE, {S.NOT_YET, S.OPEN, S.CLOSED, S.REVIEW, S.SHORTLIST, S.NO_BALLOT}),
        (A.PROPOSE, {S.OPEN}),
        (A.CLOSE, {S.OPEN}),
        (A.EXTEND, {S.OPEN, S.CLOSED}),
        (A.CONFIRM, {S.OPEN, S.CLOSED, S.REVIEW, S.SHORTLIST}),
        (A.SETTLE, {S.OPEN, S.CLOSED, S.REVIEW, S.SHORTLIST, S.NO_BALLOT}),
        (A.BEGIN_REVIEW, {S.CLOSED, S.REVIEW, S.SHORTLIST, S.NO_BALLOT}),
        (A.REVIEW, {S.REVIEW}),
        (A.SET_SHORTLIST, {S.REVIEW, S.SHORTLIST, S.NO_BALLOT}),
        (A.OPEN_BALLOT, {S.SHORTLIST}),
        (A.VOTE, {S.BALLOT}),
        (A.COUNT, {S.COUNT}),
        (A.DECIDE, {S.NO_BALLOT, S.DECISION}),
        (A.ANNOUNCE, {S.NO_BALLOT, S.DECISION}),
    ],
)
def test_an_act_is_done_in_its_stages_and_refused_in_every_other(act, stages):
    assert set(TRANSITIONS[act]) == stages
    for stage in set(Stage) - stages:
        with pytest.raises(WrongStage):
            refuse_unless(act, stage)


def test_every_act_and_every_stage_has_its_row():
    assert set(TRANSITIONS) == set(Act) and set(EDITABLE) == set(Stage)


def test_nothing_becomes_editable_again_on_the_way():
    way = (S.NOT_YET, S.OPEN, S.CLOSED, S.REVIEW, S.SHORTLIST, S.BALLOT, S.COUNT, S.DECISION, S.ANNOUNCED)
    for before, after in pairwise(way):
        assert EDITABLE[after] <= EDITABLE[before]
    assert fixed_among(("quorum", "text", "closes_at"), S.BALLOT) == ("closes_at", "quorum")
    assert fixed_among(("closes_at",), S.OPEN) == ("closes_at",)


def test_closing_and_beginning_early_leave_the_other_dates_alone():
    early = T + 5 * DAY
    closed = closed_now(DATES_OF_T, early)
    assert changed_dates(DATES_OF_T, closed) == ("closes_at",)
    assert stage_of(closed, early) is S.CLOSED
    begun = review_begun(closed, early)
    assert changed_dates(closed, begun) == ("review_opens_at",)
    assert stage_of(begun, early) is S.REVIEW
    assert review_begun(begun, early + DAY) == begun


def test_a_call_that_was_closed_early_and_is_extended_to_where_it_was_moves_nothing():
    """It moved the review and the ballot by as many days as it had been closed early."""
    again = extended(closed_now(DATES_OF_T, T + DAY), DATES_OF_T.closes_at, ZONE)
    assert again == DATES_OF_T


@pytest.mark.parametrize(
    ("closes_in", "moved_by"),
    [(timedelta(days=15), 0), (timedelta(days=20), 0), (timedelta(days=20, seconds=1), 1), (timedelta(days=23), 3)],
)
def test_what_follows_moves_only_as_far_as_it_must(closes_in, moved_by):
    after = extended(DATES_OF_T, T + closes_in, ZONE)
    assert after == replace(DATES_OF_T, closes_at=T + closes_in, **later(moved_by))


def later(days: int) -> dict[str, datetime]:
    # Over the beginning of summer time in Belgrade, 28 March: the same times of day are an hour earlier in UTC.
    summer = datetime(2027, 3, 28, 1, tzinfo=UTC)

    def moved(moment: datetime) -> datetime:
        then = moment + days * DAY
        return then - timedelta(hours=1) if moment < summer <= then else then

    return {name: moved(getattr(DATES_OF_T, name)) for name in DATES[2:]}


@given(st.lists(st.integers(0, 200), min_size=6, max_size=6, unique=True), st.integers(1, 300))
def test_an_extended_call_is_still_in_order(days, more):
    dates = in_days(*sorted(days))
    after = extended(dates, dates.closes_at + more * DAY, ZONE)
    assert faults_in_order(after) == ()
    assert after.ballot_closes_at >= dates.ballot_closes_at


@pytest.mark.parametrize("zone", ["Europe/Belgrade", "America/New_York"])
def test_the_host_is_known_before_the_year_is_over_where_the_call_is(zone):
    ends = from_zone(date(2028, 1, 1), time(0), zone)
    assert decided_within(2027, replace(DATES_OF_T, ballot_closes_at=ends), zone)
    assert not decided_within(2027, replace(DATES_OF_T, ballot_closes_at=ends + SECOND), zone)


@pytest.mark.parametrize(
    ("days", "fault"),
    [
        ((1, 1, 2, 3, 4, 5), DateFault.CLOSES_BEFORE_IT_OPENS),
        ((0, 2, 1, 3, 4, 5), DateFault.REVIEW_BEFORE_CLOSE),
        ((0, 1, 3, 3, 4, 5), DateFault.REVIEW_ENDS_BEFORE_IT_BEGINS),
        ((0, 1, 2, 4, 3, 5), DateFault.BALLOT_BEFORE_REVIEW),
        ((0, 1, 2, 3, 5, 5), DateFault.BALLOT_ENDS_BEFORE_IT_BEGINS),
    ],
)
def test_what_comes_after_cannot_come_before(days, fault):
    assert faults_in_order(in_days(*days)) == (fault,)
