"""Lists as files for spreadsheets."""

import csv
import io
from collections.abc import Iterable, Sequence

from flask import Response

# By these a spreadsheet takes a cell for a formula (OWASP, "CSV Injection"); the last four are East Asian keyboards'.
FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def csv_download(name: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """The rows under their columns as a file `name` to be saved: CSV as in RFC 4180, in UTF-8.

    It begins with a byte order mark, without which Excel reads UTF-8 as something else. Text that would be a formula
    gets an apostrophe before it, telephone numbers too: of a bare +381… a spreadsheet makes 3.81E+11.
    """
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([_harmless(value) for value in row] for row in rows)
    answer = Response(text.getvalue().encode("utf-8-sig"), mimetype="text/csv")
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    return answer


def _harmless(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULAS) else value
