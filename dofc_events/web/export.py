"""Lists as files for spreadsheets. However long a list is, no more than a few hundred of its rows are in memory."""

import csv
import io
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from datetime import date, datetime
from functools import partial
from itertools import islice
from typing import IO, Any

from flask import Response, request, stream_with_context
from werkzeug.wsgi import wrap_file
from xlsxwriter import Workbook
from xlsxwriter.exceptions import FileCreateError

from dofc_events.web.downloads import download
from dofc_events.web.on_record import say

# A moment is one on the clocks of the zone that it has; without a zone it is one to the minute.
Cell = str | int | datetime | date | None
Rows = Iterable[Sequence[Cell]]

# With these a spreadsheet treats a cell as a formula (OWASP, "CSV Injection"); the last four are East Asian keyboards'.
FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
# A telephone number as we store it: of one with a space no spreadsheet makes 3.81E+11, nor a formula.
PHONE = re.compile(r"\+[0-9]{1,3}( [0-9-]+)+")
PIECE = 500

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
WIDEST = 40
TIME, TIME_WIDTH = "yyyy-mm-dd hh:mm:ss", 19
DAY, DAY_WIDTH = "yyyy-mm-dd", 10
# What the name of a sheet cannot have, and how long it can be.
NOT_IN_SHEET, LONGEST_SHEET = re.compile(r"[\[\]:*?/\\]"), 31
# Characters that Unicode reserves and XML forbids; Excel would not open the file.
NOT_IN_XML = {0xFFFE: "\ufffd", 0xFFFF: "\ufffd"}


def list_download(
    kind: str, name: str, columns: Sequence[str], rows: Rows, *, sheet: str, separator: str = ","
) -> Response:
    """The rows under their columns as a file: `kind` is csv or xlsx, `name` is without it. The log says who took it."""
    say("exported", file=f"{name}.{kind}")
    send = partial(csv_download, separator=separator) if kind == "csv" else partial(xlsx_download, sheet=sheet)
    return send(f"{name}.{kind}", columns, rows)


def csv_download(name: str, columns: Sequence[str], rows: Rows, *, separator: str = ",") -> Response:
    """The rows under their columns as a file `name` to be saved: CSV as in RFC 4180, in UTF-8.

    It begins with a byte order mark, without which Excel reads UTF-8 as something else. Text that would be a formula
    gets an apostrophe before it.
    The rows are fetched while they are sent, in the request's context, but after the view's database session has ended:
    what makes them takes a session of its own from `db.session()`, which ends with them or when the reader goes away.
    """
    return download(name, "text/csv; charset=utf-8", stream_with_context(_csv_pieces(columns, rows, separator)))


def xlsx_download(name: str, columns: Sequence[str], rows: Rows, *, sheet: str) -> Response:
    """A list as a workbook with one sheet: the header stays in sight and filters, columns are as wide as their text.

    Days and times are such, lines are lines, and everything else is text as it was typed.

    The whole of it is written to a temporary file before the answer begins; the answer closes it.
    """
    with ExitStack() as unless_sent:
        file = unless_sent.enter_context(tempfile.TemporaryFile())
        try:
            _write_workbook(file, columns, rows, sheet)
        except FileCreateError as error:
            # What the system said, such as that there is no room.
            raise error.args[0] from error
        length = file.tell()
        file.seek(0)
        answer = download(name, XLSX, wrap_file(request.environ, file))
        answer.direct_passthrough = True
        answer.content_length = length
        unless_sent.pop_all()
    return answer


def _csv_pieces(columns: Sequence[str], rows: Rows, separator: str) -> Iterator[bytes]:
    text = io.StringIO("\ufeff")
    text.seek(0, io.SEEK_END)
    writer, left = csv.writer(text, delimiter=separator), iter(rows)
    writer.writerow(columns)
    while piece := list(islice(left, PIECE)):
        writer.writerows([_in_csv(value) for value in row] for row in piece)
        yield text.getvalue().encode()
        text.seek(0)
        text.truncate()
    yield text.getvalue().encode()


def _in_csv(value: Cell) -> Cell:
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds") if value.tzinfo else f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, str) and value.startswith(FORMULAS) and not PHONE.fullmatch(value):
        return f"'{_lines(value)}"
    return _lines(value) if isinstance(value, str) else value


def _lines(text: str) -> str:
    """Lines as spreadsheets have them: browsers send each with a carriage return."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _write_workbook(file: IO[bytes], columns: Sequence[str], rows: Rows, name: str) -> None:
    widths = [len(name) for name in columns]
    # What xlsxwriter keeps aside is personal, and must not stay when something fails.
    with (
        tempfile.TemporaryDirectory() as aside,
        Workbook(file, {"constant_memory": True, "tmpdir": aside}) as workbook,
    ):
        sheet = workbook.add_worksheet(NOT_IN_SHEET.sub(" ", name)[:LONGEST_SHEET].strip("' "))
        kinds = {"bold": True}, {"num_format": TIME}, {"num_format": DAY}, {"text_wrap": True}
        bold, time, day, lines = map(workbook.add_format, kinds)
        last = 0
        for column, name in enumerate(columns):
            sheet.write_string(0, column, name, bold)
        for last, row in enumerate(rows, start=1):
            _write_row(sheet, last, row, widths, time, day, lines)
        for column, width in enumerate(widths):
            sheet.set_column(column, column, min(width, WIDEST) + 2)
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, last, len(columns) - 1)


def _write_row(
    sheet: Any, number: int, row: Sequence[Cell], widths: list[int], time: Any, day: Any, lines: Any
) -> None:
    for column, value in enumerate(row):
        if isinstance(value, int):
            sheet.write_number(number, column, value)
        elif isinstance(value, datetime):
            widths[column] = max(widths[column], TIME_WIDTH)
            # A spreadsheet knows no zones.
            sheet.write_datetime(number, column, value.replace(tzinfo=None), time)
        elif isinstance(value, date):
            widths[column] = max(widths[column], DAY_WIDTH)
            sheet.write_datetime(number, column, value, day)
        elif value:
            text = _plain(_lines(value))
            widths[column] = max(widths[column], *map(len, text.split("\n")))
            # Unlike `write`, this makes no formula, link or number of what somebody typed.
            sheet.write_string(number, column, text, lines if "\n" in text else None)


def _plain(text: str) -> str:
    """The text as an XML file can have it.

    xlsxwriter takes text between these tags for markup of its own, and would write into the file whatever it says.
    """
    if text.startswith("<r>"):
        return f"'{text}"
    return text if text.isascii() else text.translate(NOT_IN_XML)
