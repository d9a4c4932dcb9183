"""What may stand in a file of the memory: rows of plain values, each checked before anything is written."""

import enum
import json
import re
import unicodedata
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from dofc_events.core.countries import country_codes
from dofc_events.core.errors import Refusal
from dofc_events.core.slugs import SLUG

# What a part of the memory says of one thing, as JSON can hold it. What is not known has no key.
Row = dict[str, Any]

MAX_FAULTS = 20
# More than a long history takes; what is in files is not counted.
MAX_TEXT = 16 * 1024 * 1024
FIRST_YEAR, LAST_YEAR = 1900, 2200
MEDIA_TYPES = ("application/pdf", "image/png", "image/jpeg", "image/webp", "image/avif")
HASH = re.compile(r"[0-9a-f]{64}")


class FaultKind(enum.StrEnum):
    """What can be wrong in a file of the memory."""

    NOT_OURS = "not_ours"
    NOT_YAML = "not_yaml"
    TOO_LARGE = "too_large"
    TOO_COSTLY = "too_costly"
    UNKNOWN_KEY = "unknown_key"
    MISSING = "missing"
    NOT_TEXT = "not_text"
    TOO_LONG = "too_long"
    NOT_A_NUMBER = "not_a_number"
    NOT_A_DAY = "not_a_day"
    NOT_A_TIME = "not_a_time"
    NOT_A_MOMENT = "not_a_moment"
    ENDS_FIRST = "ends_first"
    FAR_FROM_ITS_YEAR = "far_from_its_year"
    SAME_NUMBER = "same_number"
    NOT_A_COUNTRY = "not_a_country"
    NOT_ONE_OF = "not_one_of"
    NOT_YES_OR_NO = "not_yes_or_no"
    NOT_A_LIST = "not_a_list"
    TOO_MANY = "too_many"
    TWICE = "twice"
    NOT_ARCHIVED = "not_archived"
    SEATS_GIVEN = "seats_given"
    NO_SUCH_EDITION = "no_such_edition"
    NO_SUCH_ORGANISATION = "no_such_organisation"
    FILE_MISSING = "file_missing"
    FILE_DAMAGED = "file_damaged"


class TooManyFiles(Refusal):
    """An edition has its `most` documents, or an outcome its `most` files."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most


@dataclass(frozen=True)
class Fault:
    """Something wrong in a file, and `where`: the part, the thing and the field."""

    kind: FaultKind
    where: str = ""

    def __post_init__(self) -> None:
        # The file says it, and halves of a character, which JSON and YAML can name, go onto no page.
        object.__setattr__(self, "where", self.where.encode(errors="replace").decode())


class FileRefused(Refusal):
    """A file is not imported, nothing of it; `faults` say why, the first ones at least."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__("; ".join(f"{fault.kind} {fault.where}".strip() for fault in faults))
        self.faults = faults


Check = Callable[[Any, str], Iterator[Fault]]


def said(**values: Any) -> Row:
    """A row with what is known; a flag that is not set is not said."""
    return {name: value for name, value in values.items() if value not in (None, "", [], {}) and value is not False}


def in_one_line(row: Row) -> str:
    """A row as text, the same for the same values."""
    return json.dumps(row, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def faults_of(row: Any, fields: Mapping[str, Check], required: Collection[str], where: str) -> Iterator[Fault]:
    """What is wrong with a row. A field that is null is checked by nobody: it is not known."""
    if not isinstance(row, dict):
        yield Fault(FaultKind.NOT_OURS, where)
        return
    for name in required:
        if row.get(name) in (None, ""):
            yield Fault(FaultKind.MISSING, f"{where}: {name}")
    for name, value in row.items():
        if name not in fields:
            yield Fault(FaultKind.UNKNOWN_KEY, f"{where}: {str(name)[:60]}")
        elif value is not None:
            yield from fields[name](value, f"{where}: {name}")


def text(longest: int, *, lines: bool = False) -> Check:
    """Text of at most this many characters, on one line or, with `lines`, on several."""
    allowed = "\n\t" if lines else ""

    def check(value: Any, where: str) -> Iterator[Fault]:
        if not isinstance(value, str) or any(
            unicodedata.category(c) in ("Cc", "Cs") and c not in allowed for c in value
        ):
            yield Fault(FaultKind.NOT_TEXT, where)
        elif len(value) > longest:
            yield Fault(FaultKind.TOO_LONG, where)

    return check


def whole(low: int, high: int) -> Check:
    """A whole number from one to another."""

    def check(value: Any, where: str) -> Iterator[Fault]:
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            yield Fault(FaultKind.NOT_A_NUMBER, where)

    return check


def one_of(values: Collection[str]) -> Check:
    """One of these texts."""

    def check(value: Any, where: str) -> Iterator[Fault]:
        if not isinstance(value, str) or value not in values:
            yield Fault(FaultKind.NOT_ONE_OF, where)

    return check


def many(check_one: Check, most: int) -> Check:
    """A list of at most this many values, each of which passes a check."""

    def check(value: Any, where: str) -> Iterator[Fault]:
        if not isinstance(value, list):
            yield Fault(FaultKind.NOT_A_LIST, where)
        elif len(value) > most:
            yield Fault(FaultKind.TOO_MANY, where)
        else:
            for number, one in enumerate(value, start=1):
                yield from check_one(one, f"{where} {number}")

    return check


def row_of(fields: Mapping[str, Check], *required: str) -> Check:
    """A row within a row."""
    return lambda value, where: faults_of(value, fields, required, where)


def day(value: Any, where: str) -> Iterator[Fault]:
    """A day as YYYY-MM-DD."""
    if not _is_iso(date, value):
        yield Fault(FaultKind.NOT_A_DAY, where)


def clock(value: Any, where: str) -> Iterator[Fault]:
    """A time of day as HH:MM or HH:MM:SS."""
    if not _is_iso(time, value) or time.fromisoformat(value).tzinfo:
        yield Fault(FaultKind.NOT_A_TIME, where)


def moment(value: Any, where: str) -> Iterator[Fault]:
    """An aware moment in ISO 8601."""
    try:
        found = datetime.fromisoformat(value)
        is_one = found.tzinfo is not None and FIRST_YEAR <= found.year <= LAST_YEAR
    except (TypeError, ValueError):
        is_one = False
    if not is_one:
        yield Fault(FaultKind.NOT_A_MOMENT, where)


def flag(value: Any, where: str) -> Iterator[Fault]:
    """True or false."""
    if not isinstance(value, bool):
        yield Fault(FaultKind.NOT_YES_OR_NO, where)


def country(value: Any, where: str) -> Iterator[Fault]:
    """A country's code."""
    if not isinstance(value, str) or value not in country_codes():
        yield Fault(FaultKind.NOT_A_COUNTRY, where)


def slug(value: Any, where: str) -> Iterator[Fault]:
    """A name for addresses."""
    if not isinstance(value, str) or len(value) > 80 or not SLUG.fullmatch(value):
        yield Fault(FaultKind.NOT_TEXT, where)


def content_hash(value: Any, where: str) -> Iterator[Fault]:
    """What names the bytes of a file."""
    if not isinstance(value, str) or not HASH.fullmatch(value):
        yield Fault(FaultKind.NOT_TEXT, where)


year = whole(FIRST_YEAR, LAST_YEAR)
# A file that a row names.
FILE: dict[str, Check] = {
    "hash": content_hash,
    "title": text(200),
    "name": text(120),
    "media_type": one_of(MEDIA_TYPES),
    "size": whole(1, 2**31 - 1),
}
a_file = row_of(FILE, *FILE)


def _is_iso(kind: type[date] | type[time], value: Any) -> bool:
    try:
        return isinstance(value, str) and kind.fromisoformat(value) is not None
    except ValueError:
        return False
