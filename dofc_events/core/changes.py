"""What an act changed, in the form in which the audit trail keeps it: {field: [before, after]}."""

from collections.abc import Mapping
from datetime import date, time
from typing import Any

from dofc_events.core.errors import ChangedMeanwhile

Difference = dict[str, list[Any]]

# Older entries have `before` and `after` instead: for these acts the two values of one field, ...
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
# ... for these the values of several fields without names, and for all others values by field.
_FIELDS_OF = {"sign_up_changed": ("trip_mode", "trips_open_at", "trips_close_at")}


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> Difference:
    """The fields of `after` that differ from `before`, as JSON can hold them; one that `before` lacks was None."""
    changed = (name for name in after if before.get(name) != after[name])
    return {name: [plain(before.get(name)), plain(after[name])] for name in changed}


def write(row: object, values: Mapping[str, Any]) -> Difference:
    """Set these columns of a row, by name; returns the difference from what was stored."""
    changes = difference({name: getattr(row, name) for name in values}, values)
    for name in changes:
        setattr(row, name, values[name])
    return changes


def refuse_changed(seen: object, stored: object) -> None:
    """Raise ChangedMeanwhile unless `stored` is what the form was opened with (`seen`). None checks nothing."""
    if seen is not None and seen != stored:
        raise ChangedMeanwhile


def changes_in(act: str, details: Mapping[str, Any]) -> Difference:
    """The changes that an entry of the trail records, whichever form its `details` were written in."""
    if "changes" in details or "before" not in details:
        changes: Difference = details.get("changes", {})
        return changes
    # A hand-over recorded only the values before; the new ones are in the entry itself.
    before = details["before"]
    after = details["after"] if "after" in details else {name: details.get(name) for name in before}
    if act in _FIELD_OF:
        return {_FIELD_OF[act]: [before, after]}
    if act in _FIELDS_OF:
        before, after = (dict(zip(_FIELDS_OF[act], values, strict=True)) for values in (before, after))
    return difference(before, after)


def plain(value: Any) -> Any:
    """The value as JSON can hold it: times and dates as ISO 8601 text."""
    return value.isoformat() if isinstance(value, date | time) else value
