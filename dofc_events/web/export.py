"""Lists as files for spreadsheets. However long a list is, no more than a few hundred of its rows are in memory."""

import csv
import io
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from itertools import islice
from typing import IO, Any

from flask import Response, request, stream_with_context
from werkzeug.wsgi import wrap_file
from xlsxwriter import Workbook

from dofc_events.web.downloads import download

Cell = str | int | None

# By these a spreadsheet takes a cell for a formula (OWASP, "CSV Injection"); the last four are East Asian keyboards'.
FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
PIECE = 500

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
WIDEST = 40
# Characters that Unicode keeps for itself and XML forbids; Excel would not open the file.
NOT_IN_XML = {0xFFFE: "\ufffd", 0xFFFF: "\ufffd"}


def csv_download(name: str, columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Response:
    """The rows under their columns as a file `name` to be saved: CSV as in RFC 4180, in UTF-8.

    It begins with a byte order mark, without which Excel reads UTF-8 as something else. Text that would be a formula
    gets an apostrophe before it, telephone numbers too: of a bare +381… a spreadsheet makes 3.81E+11.
    The rows are fetched while they are sent, in the request's context, but after the view's database session has ended:
    what makes them takes a session of its own from `db.session()`, which ends with them or when the reader goes away.
    """
    return download(name, "text/csv; charset=utf-8", stream_with_context(_csv_pieces(columns, rows)))


def xlsx_download(name: str, columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Response:
    """The same as a workbook with one sheet: the header stays in sight and filters, columns are as wide as their text.

    The whole of it is written to a temporary file before the answer begins; the answer closes it.
    """
    with ExitStack() as unless_sent:
        file = unless_sent.enter_context(tempfile.TemporaryFile())
        _write_workbook(file, columns, rows)
        length = file.tell()
        file.seek(0)
        answer = download(name, XLSX, wrap_file(request.environ, file))
        answer.direct_passthrough = True
        answer.content_length = length
        unless_sent.pop_all()
    return answer


def _csv_pieces(columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[bytes]:
    text = io.StringIO("\ufeff")
    text.seek(0, io.SEEK_END)
    writer, left = csv.writer(text), iter(rows)
    writer.writerow(columns)
    while piece := list(islice(left, PIECE)):
        writer.writerows([_harmless(value) for value in row] for row in piece)
        yield text.getvalue().encode()
        text.seek(0)
        text.truncate()
    yield text.getvalue().encode()


def _harmless(value: Cell) -> Cell:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULAS) else value


def _write_workbook(file: IO[bytes], columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    widths = [len(name) for name in columns]
    # What xlsxwriter keeps aside is personal, and must not stay when something fails.
    with (
        tempfile.TemporaryDirectory() as aside,
        Workbook(file, {"constant_memory": True, "tmpdir": aside}) as workbook,
    ):
        sheet, bold, last = workbook.add_worksheet(), workbook.add_format({"bold": True}), 0
        for column, name in enumerate(columns):
            sheet.write_string(0, column, name, bold)
        for last, row in enumerate(rows, start=1):
            _write_row(sheet, last, row, widths)
        for column, width in enumerate(widths):
            sheet.set_column(column, column, min(width, WIDEST) + 2)
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, last, len(columns) - 1)


def _write_row(sheet: Any, number: int, row: Sequence[Cell], widths: list[int]) -> None:
    for column, value in enumerate(row):
        if isinstance(value, int):
            sheet.write_number(number, column, value)
        elif value:
            widths[column] = max(widths[column], len(value))
            # Unlike `write`, this makes no formula, link or number of what somebody typed.
            sheet.write_string(number, column, _plain(value))


def _plain(text: str) -> str:
    """The text as an XML file can have it.

    xlsxwriter takes text between these tags for markup of its own, and would write into the file whatever it says.
    """
    if text.startswith("<r>"):
        return f"'{text}"
    return text if text.isascii() else text.translate(NOT_IN_XML)
