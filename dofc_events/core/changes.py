"""The changes of an act, in the one form in which the trail keeps them: {field: [before, after]}."""

from collections.abc import Mapping
from datetime import date, time
from typing import Any

from dofc_events.core.errors import ChangedMeanwhile

Difference = dict[str, list[Any]]

# Before there was one form, an entry had `before` and `after`: of these acts the two values of one field, ...
_FIELD_OF = {
    "address_corrected": "email",
    "capacity_changed": "capacity",
    "categories_changed": "categories",
    "criteria_changed": "criteria",
    "decision_prepared": "proposal",
    "hand_over_item_ticked": "done",
    "note_changed": "note",
    "organisers_changed": "organisers",
    "role_changed": "ends_at",
    "role_ended": "ends_at",
} | dict.fromkeys(
    (
        "proposal_submitted",
        "proposal_withdrawn",
        "proposal_under_review",
        "proposal_shortlisted",
        "proposal_off_shortlist",
        "proposal_accepted",
        "proposal_declined",
    ),
    "status",
)
# ... of these the values of several without their names, and of all others values by field.
_FIELDS_OF = {"sign_up_changed": ("trip_mode", "trips_open_at", "trips_close_at")}


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> Difference:
    """The values of `after` that differ from `before`, as JSON holds them; one that did not exist was None."""
    changed = (name for name in after if before.get(name) != after[name])
    return {name: [plain(before.get(name)), plain(after[name])] for name in changed}


def write(row: object, values: Mapping[str, Any]) -> Difference:
    """Give a row these values, by the names of its columns, and return what was different."""
    changes = difference({name: getattr(row, name) for name in values}, values)
    for name in changes:
        setattr(row, name, values[name])
    return changes


def refuse_changed(seen: object, stored: object) -> None:
    """Raise ChangedMeanwhile unless what is stored is what an act was `seen` to begin with; None has seen nothing."""
    if seen is not None and seen != stored:
        raise ChangedMeanwhile


def changes_in(act: str, details: Mapping[str, Any]) -> Difference:
    """The changes that an entry of the trail records, in whichever form it was written."""
    if "changes" in details or "before" not in details:
        changes: Difference = details.get("changes", {})
        return changes
    # Who handed a registration over wrote down what was; what is, the entry itself says.
    before = details["before"]
    after = details["after"] if "after" in details else {name: details.get(name) for name in before}
    if act in _FIELD_OF:
        return {_FIELD_OF[act]: [before, after]}
    if act in _FIELDS_OF:
        before, after = (dict(zip(_FIELDS_OF[act], values, strict=True)) for values in (before, after))
    return difference(before, after)


def plain(value: Any) -> Any:
    """The value as JSON can hold it: times and dates as ISO 8601."""
    return value.isoformat() if isinstance(value, date | time) else value
