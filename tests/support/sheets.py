"""Reads the files that spreadsheets would open, with nothing but what the formats say."""

import csv
import io
import re
import zipfile
from xml.etree import ElementTree as ET

SHEET = "xl/worksheets/sheet1.xml"
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def read_csv(data: bytes) -> list[list[str]]:
    """The rows of a CSV file in UTF-8 with a byte order mark, the header first."""
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True))


def read_xlsx(data: bytes) -> list[list[str]]:
    """The rows of a workbook's only sheet as text, the header first; empty cells are ""."""
    sheet = sheet_of(data)
    rows = [{_column(cell): _text(cell) for cell in row.iter(f"{MAIN}c")} for row in sheet.iter(f"{MAIN}row")]
    width = len(rows[0])
    return [[row.get(column, "") for column in range(width)] for row in rows]


def sheet_of(data: bytes) -> ET.Element:
    """A workbook's only sheet, as XML; fails if the workbook is not sound."""
    with zipfile.ZipFile(io.BytesIO(data)) as workbook:
        assert workbook.testzip() is None
        for name in workbook.namelist():
            ET.fromstring(workbook.read(name))
        return ET.fromstring(workbook.read(SHEET))


def sheet_name(data: bytes) -> str:
    """The name of a workbook's only sheet."""
    (sheet,) = _part(data, "xl/workbook.xml").iter(f"{MAIN}sheet")
    return sheet.attrib["name"]


def style_of(data: bytes, cell: ET.Element) -> str:
    """The format in which a cell shows its number."""
    styles = _part(data, "xl/styles.xml")
    used = styles.findall(f"{MAIN}cellXfs/{MAIN}xf")[int(cell.attrib["s"])].attrib["numFmtId"]
    formats = {each.attrib["numFmtId"]: each.attrib["formatCode"] for each in styles.iter(f"{MAIN}numFmt")}
    return formats[used]


def _part(data: bytes, name: str) -> ET.Element:
    with zipfile.ZipFile(io.BytesIO(data)) as workbook:
        return ET.fromstring(workbook.read(name))


def dicts(rows: list[list[str]]) -> list[dict[str, str]]:
    """The rows below the header by the header's names."""
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]


def _column(cell: ET.Element) -> int:
    number = 0
    for letter in re.match(r"[A-Z]+", cell.attrib["r"])[0]:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def _text(cell: ET.Element) -> str:
    assert cell.find(f"{MAIN}f") is None, "a formula"
    assert cell.attrib.get("t", "n") in ("inlineStr", "n"), cell.attrib
    # Characters that XML cannot have are written by their number (ECMA-376, ST_Xstring).
    return re.sub(r"_x([0-9A-F]{4})_", lambda code: chr(int(code[1], 16)), "".join(cell.itertext()))
