"""The chair changes the criteria while a reviewer gives scores by them: one waits for the other."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event

import pytest

from dofc_events.core.audit import COMMAND
from dofc_events.core.clock import now
from dofc_events.hosting.calls.service import CriteriaFixed, set_criteria
from dofc_events.hosting.reviews.service import Given, give_review
from tests.races.test_conflicts import paused
from tests.support.hosting import make_call, make_proposal, make_reviewer

pytestmark = pytest.mark.databases("postgresql")


def test_criteria_stay_while_somebody_scores_by_them(writing):
    """The score referred to a criterion that the chair had deleted, and the reviewer got an error."""
    with writing() as session:
        call = make_call(session, now=now() - timedelta(days=8))
        proposal = make_proposal(session, call, now=now() - timedelta(days=8))
        reviewer = make_reviewer(session, now=now())
        scores = {criterion.id: Given(3) for criterion in call.criteria}
    has_criteria, has_changed = Event(), Event()

    def review() -> None:
        with writing() as session:
            give_review(session, proposal.id, reviewer.id, scores, COMMAND, now())

    def change() -> None:
        assert has_criteria.wait(30)
        try:
            with writing() as session:
                set_criteria(session, call.id, [("Food", 1)], COMMAND, now())
        finally:
            has_changed.set()

    with (
        paused("review", "FROM reviews", has_criteria, has_changed, seconds=1),
        ThreadPoolExecutor(1, "review") as reviewing,
        ThreadPoolExecutor(1, "change") as changing,
    ):
        reviewed, changed = reviewing.submit(review), changing.submit(change)
        reviewed.result(timeout=60)
        with pytest.raises(CriteriaFixed):
            changed.result(timeout=60)
