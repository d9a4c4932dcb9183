"""States of a proposal, what is missing, what scores add up to."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dofc_events.hosting.rules import (
    NEEDED_TO_SUBMIT,
    ProposalStatus,
    by_score,
    co_hosts_in,
    lines_of,
    may_become,
    missing_to_submit,
    parse_coordinates,
    summary_of,
    weighted_score,
)

S = ProposalStatus
ALLOWED = {
    (S.DRAFT, S.SUBMITTED),
    (S.SUBMITTED, S.UNDER_REVIEW),
    (S.UNDER_REVIEW, S.SHORTLISTED),
    (S.SHORTLISTED, S.UNDER_REVIEW),
    (S.SHORTLISTED, S.ACCEPTED),
    (S.SUBMITTED, S.DECLINED),
    (S.UNDER_REVIEW, S.DECLINED),
    (S.SHORTLISTED, S.DECLINED),
    (S.DRAFT, S.WITHDRAWN),
    (S.SUBMITTED, S.WITHDRAWN),
    (S.UNDER_REVIEW, S.WITHDRAWN),
    (S.SHORTLISTED, S.WITHDRAWN),
}
COMPLETE = dict.fromkeys(NEEDED_TO_SUBMIT, "x") | {"member": "czech-cluster", "organisation": "", "consent": True}


@pytest.mark.parametrize("status", S)
@pytest.mark.parametrize("next_status", S)
def test_a_proposal_goes_only_where_it_may(status, next_status):
    assert may_become(status, next_status) == ((status, next_status) in ALLOWED)


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({}, ()),
        ({"member": "", "organisation": "Brno Cluster"}, ()),
        ({"member": ""}, ("organisation",)),
        ({"consent": False}, ("consent",)),
        ({"budget_eur": 0}, ()),
        ({"city": "", "venue": None, "consent": False}, ("city", "venue", "consent")),
    ],
)
def test_what_is_missing_is_said_in_the_order_of_the_form(changes, missing):
    assert missing_to_submit(COMPLETE | changes) == missing


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("44.81, 20.46", (44.81, 20.46)),
        (" -33.9 , 151.2 ", (-33.9, 151.2)),
        ("44.81 20.46", (44.81, 20.46)),
        ("44.81;20.46", (44.81, 20.46)),
        ("90, -180", (90.0, -180.0)),
        ("91, 20", None),
        ("44, 181", None),
        ("44.81", None),
        ("nan, nan", None),
        ("44,81, 20,46", None),
        ("44.81, 20.46, 3", None),
        ("", None),
    ],
)
def test_coordinates_are_a_plain_pair_of_numbers(text, place):
    assert parse_coordinates(text) == place


def test_lines_lose_their_bullets_and_the_empty_ones():
    assert lines_of("- Škoda works\r\n\n  • Brewery\n*\n1 mill - by tram") == (
        "Škoda works",
        "Brewery",
        "1 mill - by tram",
    )


def test_a_weighted_score_counts_each_criterion_by_its_weight():
    assert weighted_score({1: 5, 2: 2}, {1: 1, 2: 2}) == 3


@given(st.dictionaries(st.integers(), st.tuples(st.integers(1, 5), st.integers(1, 10)), min_size=1))
def test_a_weighted_score_lies_between_the_lowest_and_the_highest(given_scores):
    scores = {i: score for i, (score, _) in given_scores.items()}
    weights = {i: weight for i, (_, weight) in given_scores.items()}
    assert min(scores.values()) <= weighted_score(scores, weights) <= max(scores.values())


def test_a_summary_says_mean_median_and_spread():
    weights = {1: 1, 2: 3}
    summary = summary_of([{1: 1, 2: 1}, {1: 2, 2: 2}, {1: 3, 2: 5}], weights)
    assert summary and (summary.reviews, summary.mean, summary.median, summary.spread) == (3, 2.5, 2.0, 3.5)
    assert summary.by_criterion == {1: 2, 2: pytest.approx(8 / 3)}
    assert summary_of([], weights) is None


def test_a_single_review_has_no_spread_and_what_has_none_comes_last():
    one, two = (summary_of([{1: score}], {1: 1}) for score in (3, 5))
    assert one and two and one.spread is None
    assert by_score([7, 8, 9], {8: one, 9: two}) == [9, 8, 7]


def test_what_is_asked_of_co_hosts_and_coordinates_takes_no_longer_than_they_are_long():
    begun = time.process_time()
    for text in ("a" * 200_000, "a" + "," * 200_000 + "b", "@" * 200_000):
        co_hosts_in(text)
    assert parse_coordinates("1" + " " * 200_000 + "x") is None
    assert time.process_time() - begun < 2
