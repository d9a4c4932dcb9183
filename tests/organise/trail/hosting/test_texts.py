"""What is recorded of a call for hosts has its words, and nothing else has."""

import ast

from dofc_events.config import ROOT
from dofc_events.organise.trail.hosting.texts import ACTS
from tests.support.code import recordings

# What is given an act and records it: a proposal's next status, a question, another call.
GIVEN_ACTS = {"move", "_add", "_change"}
# Written down before it is recorded; or recorded where people are erased, whatever they were.
NAMED = {"proposal_links_sent", "proposal_links_refused", "membership_settled", "conflict_declared", "person_erased"}


def recorded_acts() -> set[str]:
    """Every act that the code of hosting records of a call; a hand-over, and an edition that is made, are none."""
    found: set[str] = set(NAMED)
    for path, call, act in recordings():
        if "hosting" not in path.parts or {"hand_over", "next_edition"} & set(path.parts):
            continue
        if getattr(call.func, "id", "") == "record" and "scope" not in {keyword.arg for keyword in call.keywords}:
            continue
        found |= {str(part.value) for part in ast.walk(act) if isinstance(part, ast.Constant)}
    for path in (ROOT / "dofc_events" / "hosting").rglob("service.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in GIVEN_ACTS:
                found |= {a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)}
    return found


def test_every_act_of_a_call_that_is_recorded_has_its_words_and_no_other_has():
    assert recorded_acts() - {"ballot_cast", "ballot_changed"} == ACTS.keys() - {"ballot_cast", "ballot_changed"}
