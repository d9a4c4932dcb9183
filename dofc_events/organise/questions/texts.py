"""Questions to begin from, and what kinds are called."""

from typing import Any

from flask_babel import lazy_gettext as _l

from dofc_events.questions.rules import Kind

KINDS = {
    Kind.TEXT: _l("A line of text"),
    Kind.LONG_TEXT: _l("A long text"),
    Kind.NUMBER: _l("A number"),
    Kind.CHOICE: _l("One of several options"),
    Kind.SEVERAL: _l("Any of several options"),
    Kind.DATE: _l("A date"),
    Kind.YES_NO: _l("Yes or no"),
    Kind.FILE: _l("A file"),
}

# By key: what many hosts ask. Each is changed before it is added.
STANDARD: dict[str, dict[str, Any]] = {
    "arrival": {"kind": Kind.DATE, "name": _l("Arrival"), "caption": _l("On which day do you arrive?")},
    "departure": {"kind": Kind.DATE, "name": _l("Departure"), "caption": _l("On which day do you leave?")},
    "hotel": {
        "kind": Kind.CHOICE,
        "name": _l("Hotel"),
        "caption": _l("Do you need a room in the conference hotel?"),
        "options": (_l("Single room"), _l("Double room"), _l("No, thank you")),
    },
    "dinner": {
        "kind": Kind.YES_NO,
        "name": _l("Dinner"),
        "caption": _l("Will you come to the conference dinner?"),
    },
    "t-shirt": {
        "kind": Kind.CHOICE,
        "name": _l("T-shirt"),
        "caption": _l("Which size of T-shirt do you wear?"),
        "options": ("XS", "S", "M", "L", "XL", "XXL"),
    },
    "accompanying": {
        "kind": Kind.LONG_TEXT,
        "name": _l("Accompanying persons"),
        "caption": _l("Who accompanies you?"),
        "hint": _l("Enter one name per line. Ask these people first whether we may have their names."),
    },
}
