"""The table of acts has what the code records, no less and no more."""

import ast

from dofc_events.organise.trail.texts import ACTS, SEATS
from dofc_events.places.rules import ClaimStatus
from dofc_events.trips.rules import Reason
from tests.support.code import recordings
from tests.support.trail import EXAMPLES

# Acts not written out where they are recorded: the status that somebody moved up to, and what takes up a place.
PASSED_ON = {ClaimStatus.OFFERED, ClaimStatus.CONFIRMED, "offer_accepted", "hold_confirmed"}


def recorded_acts() -> set[str]:
    """Every act of an edition that the code records. A call for hosts has a trail of its own, but for the hand-over."""
    found: set[str] = {str(status) for status in PASSED_ON}
    for path, call, act in recordings():
        if "hosting" in path.parts and "hand_over" not in path.parts:
            continue
        # What is recorded of no edition: accounts, members, the history.
        if getattr(call.func, "id", "") == "record" and "scope" not in {keyword.arg for keyword in call.keywords}:
            continue
        found |= {str(part.value) for part in ast.walk(act) if isinstance(part, ast.Constant)}
    return found


def test_the_code_records_what_this_test_looks_for():
    acts = recorded_acts()
    assert {"registered", "edition_changed", "arrived", "boarded", "trip_added", "kept_messages_sent"} <= acts
    assert not {"signed_in", "member_added"} & acts


def test_every_act_that_is_recorded_has_its_words():
    assert not recorded_acts() - ACTS.keys(), "say in organise/trail/texts.py what these mean"


def test_every_act_with_words_is_recorded_somewhere():
    assert not ACTS.keys() - recorded_acts(), "nothing records these any more"


def test_every_reason_for_which_a_seat_changes_has_its_words():
    assert SEATS.keys() == set(Reason)


def test_every_act_has_its_example():
    assert {act for _, act, _ in EXAMPLES} == ACTS.keys()
