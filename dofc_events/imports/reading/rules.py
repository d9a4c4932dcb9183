"""What a file says as a table: separated text in one of four encodings, or the first sheet of a workbook. Pure."""

import csv
import enum
import io
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import IO, Any
from xml.etree import ElementTree as ET

from dofc_events.core.errors import Refusal

MAX_BYTES = 5 * 1024 * 1024
MAX_ROWS, MAX_COLUMNS = 5000, 100
LONGEST_HEADER = 200

WORKBOOK, OLD_WORKBOOK = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
# PNG, JPEG, GIF, WebP, PDF and RTF, picked by a slip: they can be read as text, too, but it says nothing.
NO_LISTS = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"%PDF-", b"{\\rtf")
XLSX = "xlsx"
SEPARATOR_SAID = re.compile(r"\Asep=([,;\t])\r?\n", re.IGNORECASE)
# What our own files, and others, put before text that a spreadsheet would take for a formula.
GUARDED = re.compile(r"'[=+\-@\t\r\n＝＋－＠]")

# Formats that a workbook need not spell out (section 18.8.30): of days, and of a time of day alone.
_DAYS, _TIMES = {*range(14, 18), 22, *range(27, 37), *range(50, 59)}, {*range(18, 22), *range(45, 48)}
# What in a format stands for itself, or is a colour, a condition, a language.
_SAID_IN_FORMAT = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')
# A workbook counts days from here (section 18.17.4.1), one of old Macintoshes from 1904 on.
_DAY_0, _DAYS_TO_1904 = datetime(1899, 12, 30), 1462  # noqa: DTZ001 (a spreadsheet knows no zones)

_SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_LINK = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_RELATION = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"


class Encoding(enum.StrEnum):
    """How text becomes bytes. A workbook says it itself."""

    UTF_8 = "utf-8"
    UTF_16 = "utf-16"
    CENTRAL_EUROPEAN = "cp1250"
    CYRILLIC = "cp1251"


MARKS = {b"\xef\xbb\xbf": Encoding.UTF_8, b"\xff\xfe": Encoding.UTF_16, b"\xfe\xff": Encoding.UTF_16}


class Separator(enum.StrEnum):
    """What stands between the values of a row."""

    COMMA = ","
    SEMICOLON = ";"
    TAB = "\t"


class FileFault(enum.StrEnum):
    """Why a file cannot be read as a table."""

    EMPTY = "empty"
    TOO_LARGE = "too_large"
    TOO_COSTLY = "too_costly"
    TOO_MANY_ROWS = "too_many_rows"
    OLD_WORKBOOK = "old_workbook"
    NO_TABLE = "no_table"


class FileRefused(Refusal):
    """A file cannot be read; `fault` says why."""

    def __init__(self, fault: FileFault) -> None:
        super().__init__(fault.value)
        self.fault = fault


@dataclass(frozen=True)
class ReadAs:
    """How separated text is to be read; "" is for us to recognise, and what a workbook has."""

    encoding: str = ""
    separator: str = ""


@dataclass(frozen=True)
class Row:
    """One row, with the number that a spreadsheet shows beside it."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """A file's rows below the header; each has as many cells.

    `unreadable` counts the characters that this encoding does not have.
    """

    read_as: ReadAs
    header: tuple[str, ...]
    rows: tuple[Row, ...]
    unreadable: int = 0


def table_from(said: dict[str, Any]) -> Table:
    """The table that `dataclasses.asdict` and JSON took apart."""
    rows = tuple(Row(row["number"], tuple(row["cells"])) for row in said["rows"])
    return Table(ReadAs(**said["read_as"]), tuple(said["header"]), rows, said["unreadable"])


def read_table(content: bytes, wanted: ReadAs) -> Table:
    """The file as a table. Raises FileRefused."""
    if content.startswith(OLD_WORKBOOK):
        raise FileRefused(FileFault.OLD_WORKBOOK)
    if content.startswith(NO_LISTS):
        raise FileRefused(FileFault.NO_TABLE)
    if content.startswith(WORKBOOK):
        try:
            return _table(_rows_of_workbook(content), ReadAs())
        except (zipfile.BadZipFile, KeyError, ET.ParseError, ValueError, NotImplementedError):
            raise FileRefused(FileFault.NO_TABLE) from None
    encoding = Encoding(wanted.encoding) if wanted.encoding else encoding_of(content)
    # No database takes a zero.
    text = decoded(content, encoding).replace("\0", "\ufffd")
    said = SEPARATOR_SAID.match(text)
    separator = wanted.separator or (said[1] if said else separator_of(text))
    rows = csv.reader(io.StringIO(text[said.end() if said else 0 :], newline=""), delimiter=separator)
    try:
        return _table(enumerate(rows, start=1), ReadAs(encoding, separator), unreadable=text.count("\ufffd"))
    except csv.Error:
        raise FileRefused(FileFault.NO_TABLE) from None


def encoding_of(content: bytes) -> Encoding:
    """The encoding that the bytes look like.

    A byte order mark says it; zeros are in UTF-16 alone; what can be read as UTF-8 is hardly anything else. Of the two
    that are left, Cyrillic words consist of bytes beyond ASCII, in Central European ones these stand alone.
    """
    for mark, encoding in MARKS.items():
        if content.startswith(mark):
            return encoding
    if b"\0" in content[:4096]:
        return Encoding.UTF_16
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        beyond = sum(byte >= 0x80 for byte in content)
        together = sum(one >= 0x80 and other >= 0x80 for one, other in pairwise(content))
        return Encoding.CYRILLIC if 2 * together > beyond else Encoding.CENTRAL_EUROPEAN
    return Encoding.UTF_8


def decoded(content: bytes, encoding: Encoding) -> str:
    """The text, without a byte order mark; what cannot be read is U+FFFD."""
    codec: str = encoding
    if encoding is Encoding.UTF_16:
        # Of line ends, separators and digits the first half is zero.
        big = content.startswith(b"\xfe\xff") or content[::2].count(0) > content[1::2].count(0)
        codec = "utf-16-be" if big else "utf-16-le"
    return content.decode(codec, errors="replace").removeprefix("\ufeff")


def separator_of(text: str) -> Separator:
    """The separator that is most frequent in the first line, outside of quotes."""
    first = re.sub(r'"[^"]*"?', "", text.lstrip().partition("\n")[0])
    counted = Counter(first)
    return max(Separator, key=lambda separator: counted[separator.value])


def column_name(number: int) -> str:
    """What a spreadsheet calls its columns, from 0: A, B, … Z, AA, …"""
    letters = ""
    number += 1
    while number:
        number, letter = divmod(number - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return letters


def _table(rows: Iterator[tuple[int, list[str]]] | enumerate[list[str]], read_as: ReadAs, unreadable: int = 0) -> Table:
    found: list[Row] = []
    for number, cells in rows:
        cleaned = tuple(cell[1:] if GUARDED.match(cell) else cell.strip() for cell in cells)
        if not any(cleaned):
            continue
        if len(cleaned) > MAX_COLUMNS:
            raise FileRefused(FileFault.NO_TABLE)
        found.append(Row(number, cleaned))
        if len(found) > MAX_ROWS + 1:
            raise FileRefused(FileFault.TOO_MANY_ROWS)
    found = _below_titles(found)
    if len(found) < 2:
        raise FileRefused(FileFault.EMPTY)
    width = max(len(row.cells) for row in found)
    header = [" ".join(cell.split())[:LONGEST_HEADER] for cell in found[0].cells]
    rows_below = tuple(Row(row.number, row.cells + ("",) * (width - len(row.cells))) for row in found[1:])
    return Table(read_as, (*header, *("" for _ in range(width - len(header)))), rows_below, unreadable)


def _below_titles(rows: list[Row]) -> list[Row]:
    """The rows from the header on: above it, a list may have a title, alone in its row."""
    filled = [sum(map(bool, row.cells)) for row in rows]
    return rows[next((at for at, cells in enumerate(filled) if cells > 1), 0) :]


def _rows_of_workbook(content: bytes) -> Iterator[tuple[int, list[str]]]:
    """The rows of the first sheet (ECMA-376, part 1, section 18.3)."""
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        sheet = next(_elements(parts, "xl/workbook.xml", f"{_SHEET}sheet")).get(_LINK)
        links = {link.get("Id"): link.get("Target") or "" for link in _elements(parts, _RELATIONS, _RELATION)}
        target = links[sheet]
        shared: list[str] = []
        if "xl/sharedStrings.xml" in parts.namelist():
            shared = [_text(one) for one in _elements(parts, "xl/sharedStrings.xml", f"{_SHEET}si")]
        book = next(_elements(parts, "xl/workbook.xml", f"{_SHEET}workbookPr"), None)
        since_1904 = book is not None and book.get("date1904") in ("1", "true")
        shown = _Shown(_formats(parts), _DAYS_TO_1904 if since_1904 else 0)
        path = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
        for last, row in enumerate(_elements(parts, path, f"{_SHEET}row"), start=1):
            yield int(row.get("r") or last), _cells(row, shared, shown)


_RELATIONS = "xl/_rels/workbook.xml.rels"


def _elements(parts: zipfile.ZipFile, path: str, tag: str) -> Iterator[ET.Element]:
    with parts.open(path) as part:
        _refuse_entities(part)
    with parts.open(path) as part:
        for _event, element in ET.iterparse(part):  # noqa: S314 (entities are refused, the process is limited)
            if element.tag == tag:
                yield element
                element.clear()


def _refuse_entities(part: IO[bytes]) -> None:
    # No workbook has any; they are declared before the first element.
    if b"<!DOCTYPE" in part.read(4096):
        raise FileRefused(FileFault.NO_TABLE)


@dataclass(frozen=True)
class _Shown:
    """How the numbers of a workbook are shown: the format of each style as letters, and what is added to its days."""

    formats: list[str]
    shift: int


def _formats(parts: zipfile.ZipFile) -> list[str]:
    if "xl/styles.xml" not in parts.namelist():
        return []
    own = {
        one.get("numFmtId"): _SAID_IN_FORMAT.sub("", one.get("formatCode") or "").lower()
        for one in _elements(parts, "xl/styles.xml", f"{_SHEET}numFmt")
    }
    given = {str(number): "d" for number in _DAYS} | {str(number): "h" for number in _TIMES} | own
    styles = next(_elements(parts, "xl/styles.xml", f"{_SHEET}cellXfs"), ())
    return [given.get(one.get("numFmtId"), "") for one in styles]


def _as_shown(number: float, style: int, shown: _Shown) -> str | None:
    """A day as in ISO 8601, with the time of day if it has one, or a time of day; None for other numbers."""
    letters = shown.formats[style] if 0 <= style < len(shown.formats) else ""
    is_day = "y" in letters or "d" in letters
    if (not is_day and "h" not in letters) or not 0 <= number < 3_000_000:
        return None
    moment = _DAY_0 + timedelta(days=shown.shift, seconds=round(number * 86_400))
    if not is_day:
        return f"{moment:%H:%M}" if number < 1 else None
    return f"{moment:%Y-%m-%d}" if number.is_integer() else f"{moment:%Y-%m-%d %H:%M}"


def _cells(row: ET.Element, shared: list[str], shown: _Shown) -> list[str]:
    cells: list[str] = []
    for cell in row.iterfind(f"{_SHEET}c"):
        column = _column(cell.get("r") or "", len(cells))
        if column >= MAX_COLUMNS:
            break
        cells += [""] * (column + 1 - len(cells))
        cells[column] = _value(cell, shared, shown)
    return cells


def _column(reference: str, otherwise: int) -> int:
    number = 0
    for letter in reference.rstrip("0123456789"):
        number = number * 26 + ord(letter.upper()) - ord("A") + 1
    return number - 1 if number else otherwise


def _value(cell: ET.Element, shared: list[str], shown: _Shown) -> str:
    kind, written = cell.get("t", "n"), cell.findtext(f"{_SHEET}v") or ""
    match kind:
        case "s":
            return shared[int(written)] if written else ""
        case "inlineStr":
            return _text(cell)
        case "str":
            return written
        case "b":
            return "yes" if written == "1" else "no"
        case "n" if written:
            number = float(written)
            moment = _as_shown(number, int(cell.get("s", "0")), shown)
            if moment is not None:
                return moment
            # A telephone number is written 3.8111123456700001E11.
            return str(int(number)) if number.is_integer() and abs(number) < 1e15 else written
    return ""


def _text(element: ET.Element) -> str:
    # Beside the text there may be how it is pronounced.
    spoken = {id(t) for said in element.iter(f"{_SHEET}rPh") for t in said.iter(f"{_SHEET}t")}
    return "".join(t.text or "" for t in element.iter(f"{_SHEET}t") if id(t) not in spoken)
