"""What a file says is read as it was meant, in each encoding and format; what is no list is refused in words."""

import io
import json
import zipfile
from dataclasses import asdict

import pytest
from xlsxwriter import Workbook

from dofc_events.imports.reading import rules
from dofc_events.imports.reading.rules import (
    Encoding,
    FileFault,
    FileRefused,
    ReadAs,
    Separator,
    column_name,
    encoding_of,
    read_table,
)
from tests.support import uploads

SERBIAN = "Име;Пошта\nЂорђе Шћепановић;a@b.rs\n"
CZECH = "Jméno;E-mail\nJiří Dvořák;a@b.cz\nŽofie Škodová;b@b.cz\n"


@pytest.mark.parametrize(
    ("text", "codec", "encoding"),
    [
        (SERBIAN, "utf-8", Encoding.UTF_8),
        (SERBIAN, "utf-8-sig", Encoding.UTF_8),
        (SERBIAN, "utf-16", Encoding.UTF_16),
        (SERBIAN, "utf-16-le", Encoding.UTF_16),
        (SERBIAN, "utf-16-be", Encoding.UTF_16),
        (SERBIAN, "cp1251", Encoding.CYRILLIC),
        (CZECH, "cp1250", Encoding.CENTRAL_EUROPEAN),
        (CZECH, "utf-16-be", Encoding.UTF_16),
        ("Name,Email\nAna,a@b.rs\n", "ascii", Encoding.UTF_8),
    ],
)
def test_read_recognises_the_encoding(text, codec, encoding):
    content = text.encode(codec)
    assert encoding_of(content) is encoding
    table = read_table(content, ReadAs())
    assert (table.read_as.encoding, table.unreadable) == (encoding, 0)
    first, second = text.split("\n")[:2]
    assert list(table.header) == first.replace(",", ";").split(";")
    assert list(table.rows[0].cells) == second.replace(",", ";").split(";")


def test_read_takes_the_encoding_that_somebody_chose():
    table = read_table(CZECH.encode("cp1250"), ReadAs(Encoding.CYRILLIC, Separator.SEMICOLON))
    assert table.rows[0].cells[0] != "Jiří Dvořák"
    table = read_table(CZECH.encode("cp1250"), ReadAs(Encoding.UTF_8, Separator.SEMICOLON))
    assert table.unreadable == 8


@pytest.mark.parametrize("separator", Separator)
def test_read_recognises_the_separator(separator):
    text = f'"Name, first; or only"{separator}Email\n"Ana ""Anka"" Kos"{separator}a@b.rs\n'
    assert read_table(text.encode(), ReadAs()).rows[0].cells == ('Ana "Anka" Kos', "a@b.rs")
    said = f"sep={separator}\nName{separator}Email\nAna{separator}a@b.rs"
    assert read_table(said.encode(), ReadAs()).header == ("Name", "Email")


def test_read_numbers_rows_as_a_spreadsheet_does():
    text = 'Name,Email,Note\r\n\r\nAna,a@b.rs,"two\r\nlines"\r\nBo,b@b.rs\r\n,,\r\n'
    rows = read_table(text.encode(), ReadAs()).rows
    assert [(row.number, row.cells) for row in rows] == [
        (3, ("Ana", "a@b.rs", "two\r\nlines")),
        (4, ("Bo", "b@b.rs", "")),
    ]


def test_read_takes_off_what_keeps_text_from_being_a_formula():
    rows = read_table(b"Name,Phone\n'=1+1,'+381 11 1\n'Ana,x\n", ReadAs()).rows
    assert [row.cells for row in rows] == [("=1+1", "+381 11 1"), ("'Ana", "x")]


def workbook(*rows, sheets=1) -> bytes:
    file = io.BytesIO()
    with Workbook(file, {"in_memory": True}) as book:
        for number in range(sheets):
            sheet = book.add_worksheet()
            for row, cells in enumerate(rows if number == 0 else [("Other",)]):
                sheet.write_row(row, 0, cells)
    return file.getvalue()


def test_read_takes_the_first_sheet_of_a_workbook():
    content = workbook(("Име", "Phone", "Photos"), (), ("Ђорђе", 381111234567, True), ("Ana", "", 1.5), sheets=2)
    table = read_table(content, ReadAs())
    assert table.read_as == ReadAs()
    assert [(row.number, row.cells) for row in table.rows] == [
        (3, ("Ђорђе", "381111234567", "yes")),
        (4, ("Ana", "", "1.5")),
    ]


def test_read_passes_over_a_title_above_the_names_of_the_columns():
    content = workbook(("Participants of 2027",), (), ("as of May",), ("Name", "Email"), ("Ana", "a@b.rs"), ("Bo", ""))
    table = read_table(content, ReadAs())
    assert table.header == ("Name", "Email") and [row.number for row in table.rows] == [5, 6]
    table = read_table("Списък;;\n\nИме;Имейл;\nАна;a@b.bg;\n".encode("cp1251"), ReadAs())
    assert table.header == ("Име", "Имейл", "") and table.rows[0].cells == ("Ана", "a@b.bg", "")
    assert read_table(b"Email\na@b.rs\nb@b.rs\n", ReadAs()).header == ("Email",)


def test_read_takes_days_and_times_of_a_workbook_as_they_are_shown():
    file = io.BytesIO()
    with Workbook(file, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["Arrival", "Flight", "Dinner", "Cost", "Number"])
        shown = ("dd.mm.yyyy", "d/m/yy hh:mm", "hh:mm", '#,##0 "days"', "General")
        for column, (number, form) in enumerate(zip((46680, 46680.75, 0.8125, 12, 46680), shown, strict=True)):
            sheet.write_number(1, column, number, book.add_format({"num_format": form}))
    (row,) = read_table(file.getvalue(), ReadAs()).rows
    assert row.cells == ("2027-10-20", "2027-10-20 18:00", "19:30", "12", "46680")
    with zipfile.ZipFile(io.BytesIO(file.getvalue())) as parts:
        book_said = parts.read("xl/workbook.xml").decode().replace("<workbookPr ", '<workbookPr date1904="1" ')
    old = replaced(file.getvalue(), "xl/workbook.xml", book_said)
    assert read_table(old, ReadAs()).rows[0].cells[0] == "2031-10-21"


def replaced(content: bytes, name: str, text: str) -> bytes:
    """A workbook with another text in one of its parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        for part in old.namelist():
            new.writestr(part, text if part == name else old.read(part))
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"Name,Email\n", FileFault.EMPTY),
        (b"\n\n", FileFault.EMPTY),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 100, FileFault.OLD_WORKBOOK),
        (b"PK\x03\x04 no workbook", FileFault.NO_TABLE),
        (b"," * 200 + b"x\ny\n", FileFault.NO_TABLE),
        *(pytest.param(uploads.picture(kind), FileFault.NO_TABLE, id=kind) for kind in ("PNG", "JPEG", "WEBP", "GIF")),
        pytest.param(uploads.pdf(), FileFault.NO_TABLE, id="PDF"),
        (b"a\n" * 5002, FileFault.TOO_MANY_ROWS),
        (b'Name\n"' + b"x" * 200_000, FileFault.NO_TABLE),
        (replaced(workbook(("a",), ("b",)), "xl/worksheets/sheet1.xml", "<!DOCTYPE x>"), FileFault.NO_TABLE),
        (replaced(workbook(("a",), ("b",)), "xl/worksheets/sheet1.xml", "<sheet"), FileFault.NO_TABLE),
        (replaced(workbook(("a",), ("b",)), "xl/_rels/workbook.xml.rels", "<a/>"), FileFault.NO_TABLE),
    ],
)
def test_read_refuses_what_is_no_list(content, fault):
    with pytest.raises(FileRefused) as refused:
        read_table(content, ReadAs())
    assert refused.value.fault is fault


@pytest.mark.parametrize(("number", "name"), [(0, "A"), (25, "Z"), (26, "AA"), (99, "CV")])
def test_column_name_is_that_of_a_spreadsheet(number, name):
    assert column_name(number) == name


def test_table_survives_being_sent_as_json():
    table = read_table(SERBIAN.encode(), ReadAs())
    assert rules.table_from(json.loads(json.dumps(asdict(table)))) == table
