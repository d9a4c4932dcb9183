"""What is wrong with a file of the memory, and what it would change, in words."""

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from dofc_events.memory.rules import Fault, FaultKind
from dofc_events.organise.trail.changes.texts import FIELDS, OF_COUNTRIES, WORDS, named_countries

LONGEST_VALUE = 400

FAULTS = {
    FaultKind.NOT_OURS: _l("This file is neither a history nor an exported memory"),
    FaultKind.NOT_YAML: _l("The file cannot be read as YAML from this line on"),
    FaultKind.TOO_LARGE: _l("The file is too large"),
    FaultKind.TOO_COSTLY: _l("The file is too complex to read"),
    FaultKind.UNKNOWN_KEY: _l("This name is not known here"),
    FaultKind.MISSING: _l("This is missing"),
    FaultKind.NOT_TEXT: _l("This is not text, or contains characters that are not allowed"),
    FaultKind.TOO_LONG: _l("This text is too long"),
    FaultKind.NOT_A_NUMBER: _l("This is not a whole number, or is not a plausible one"),
    FaultKind.NOT_A_DAY: _l("This is not a day: write 2016-09-22"),
    FaultKind.NOT_A_TIME: _l("This is not a time of day: write 09:30"),
    FaultKind.NOT_A_MOMENT: _l("This is not a moment: write 2016-09-22T09:30+02:00"),
    FaultKind.ENDS_FIRST: _l("This ends before it begins. Correct when it begins or ends"),
    FaultKind.FAR_FROM_ITS_YEAR: _l("The days are far from the year of the edition. Correct the days or the year"),
    FaultKind.SAME_NUMBER: _l("These editions have the same number in the series. Give each its own"),
    FaultKind.NOT_A_COUNTRY: _l("This is not a country code: write two capital letters (ISO 3166-1)"),
    FaultKind.NOT_ONE_OF: _l("This is not one of the words allowed here"),
    FaultKind.NOT_YES_OR_NO: _l("Write true or false"),
    FaultKind.NOT_A_LIST: _l("This is not a list"),
    FaultKind.TOO_MANY: _l("This list is too long"),
    FaultKind.TWICE: _l("This appears twice"),
    FaultKind.NOT_ARCHIVED: _l(
        "This edition is not archived. Change its place, dates, texts and learning trips on its own pages"
    ),
    FaultKind.SEATS_GIVEN: _l("Delegates have seats on this trip here, so that its time and seats stay as they are"),
    FaultKind.NO_SUCH_EDITION: _l("There is no such edition"),
    FaultKind.NO_SUCH_ORGANISATION: _l("There is no such organisation"),
    FaultKind.FILE_MISSING: _l("A file is missing. Files that you send are kept for an hour: send yours again"),
    FaultKind.FILE_DAMAGED: _l("A file in the archive is damaged"),
}
PARTS = {
    "organisations": _l("Organisation"),
    "editions": _l("Edition"),
    "series": _l("All editions"),
    "outcomes": _l("Outcome"),
    "documents": _l("Documents"),
    "trips": _l("Learning trip"),
    "photographs": _l("Photographs"),
    "figures": _l("Figures"),
}
# Beside those that the trail knows, or calls otherwise.
OTHER_FIELDS = {
    "name": _l("Name"),
    "slug": _l("Short name"),
    "edition": _l("Edition"),
    "files": _l("Files"),
    "has_signed": _l("Has signed"),
    "person": _l("Signed by"),
    "role": _l("Their role"),
    "signed_on": _l("Signed on"),
    "noted_on": _l("Day"),
    "documents": _l("Documents"),
    "status": _l("Status"),
    "frozen_at": _l("Counted on"),
    "came_before": _l("Had been at an earlier edition"),
    "second_time": _l("There for the second time"),
    "arrived": _l("Arrived"),
    "categories": _l("Categories"),
    "organisations": _l("Largest organisations"),
    "choices": _l("Answers"),
    "growth": _l("Registrations by day"),
    "arrivals": _l("Arrivals"),
    "trips": _l("Learning trips"),
    "lasts": _l("Takes place"),
    "from": _l("Begins"),
    "until": _l("Ends"),
    "position": _l("Place in the list"),
    "is_cancelled": _l("Cancelled"),
    "countries_edition_unknown": _l("Countries whose edition is unknown"),
}


def fault_in_words(fault: Fault) -> str:
    """What is wrong, and where."""
    words = f"{FAULTS[fault.kind]}."
    return str(_("%(where)s: %(words)s", where=fault.where, words=words)) if fault.where else words


def field_in_words(name: str) -> Any:
    """What a field is called."""
    return OTHER_FIELDS.get(name) or FIELDS.get(name) or name


def part_in_words(name: str) -> Any:
    """What a thing of a part is called."""
    return PARTS.get(name, name)


def value_in_words(name: str, value: Any) -> str:
    """The value of a field as people can compare it."""
    if value in (None, "", [], {}):
        return str(_("nothing"))
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    if isinstance(value, dict):
        said = ", ".join(f"{field_in_words(inner)}: {value_in_words(inner, one)}" for inner, one in value.items())
    elif isinstance(value, list):
        said = "; ".join(value_in_words(name, one) for one in value)
    elif name in OF_COUNTRIES:
        said = named_countries([value])[0]
    else:
        said = str(WORDS.get(name, {}).get(value, value))
    return said if len(said) <= LONGEST_VALUE else f"{said[:LONGEST_VALUE]}…"
