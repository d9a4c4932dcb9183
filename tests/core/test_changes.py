import ast
from datetime import UTC, date, datetime, time
from types import SimpleNamespace

import pytest

from dofc_events.core.changes import changes_in, difference, write
from tests.support.code import recordings
from tests.support.trail import EXAMPLES
from tests.support.trail_stored import STORED


def test_difference_has_what_changed_only_as_json_can_hold_it():
    noon = datetime(2027, 5, 16, 12, tzinfo=UTC)
    before = {"city": "Sofia", "on": date(2027, 5, 16), "begins": time(9, 30), "closes_at": None, "seats": 0}
    after = {"city": "Niš", "on": date(2027, 5, 17), "begins": None, "closes_at": noon, "seats": 0}
    assert difference(before, after) == {
        "city": ["Sofia", "Niš"],
        "on": ["2027-05-16", "2027-05-17"],
        "begins": ["09:30:00", None],
        "closes_at": [None, "2027-05-16T12:00:00+00:00"],
    }
    assert difference({}, {"city": "Niš"}) == {"city": [None, "Niš"]}
    assert difference(before, before) == {}


def test_write_gives_a_row_the_values_and_says_which_are_new():
    row = SimpleNamespace(city="Sofia", ends_at=None, other=1)
    noon = datetime(2027, 5, 16, 12, tzinfo=UTC)
    assert write(row, {"city": "Sofia", "ends_at": noon}) == {"ends_at": [None, noon.isoformat()]}
    assert (row.city, row.ends_at, row.other) == ("Sofia", noon, 1)
    assert write(row, {"city": "Sofia", "ends_at": noon}) == {}


@pytest.mark.parametrize(("act", "details", "changes"), STORED, ids=str)
def test_entries_are_read_in_every_form_in_which_they_were_written(act, details, changes):
    assert changes_in(act, details) == changes


@pytest.mark.parametrize("details", [details for _, _, details in EXAMPLES if "changes" in details])
def test_what_is_written_now_is_read_as_it_is(details):
    assert changes_in("anything", details) == details["changes"]


def test_what_an_act_changes_is_recorded_in_one_form():
    """An entry that says what was changed says it as `changes`, which everybody reads."""
    # What somebody held `before` is no detail of the entry, but what `place` has them told.
    calls = [(path, call) for path, call, _ in recordings() if ast.unparse(call.func).split(".")[-1] != "place"]
    named = [(path, {keyword.arg for keyword in call.keywords}) for path, call in calls]
    assert sum("changes" in names for _, names in named) > 15
    assert not [path for path, names in named if {"before", "after"} & names]
