"""Files for spreadsheets: what is in them, and what must not become a formula."""

import pytest

from dofc_events.web.export import csv_download


def lines(*rows) -> list[str]:
    return csv_download("people.csv", ["name", "age"], rows).get_data(as_text=True).removeprefix("\ufeff").split("\r\n")


def test_download_is_a_file_that_excel_reads_as_utf_8():
    answer = csv_download("people.csv", ["name", "age"], [["Ђорђе", 7]])
    assert answer.data == "name,age\r\nЂорђе,7\r\n".encode("utf-8-sig")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == "attachment; filename=people.csv"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "＝", "＋", "－", "＠"])
def test_download_writes_no_formula(start):
    assert lines([f"{start}1+1", 7])[1] == f"'{start}1+1,7"


@pytest.mark.parametrize("start", ["\r", "\n"])
def test_download_writes_no_formula_after_a_line_break(start):
    assert lines([f"{start}=1", 7])[1].startswith("\"'")


@pytest.mark.parametrize("text", ["Ana-Maria", "a=b", "", "'tis", "7 + 1"])
def test_download_leaves_other_text_alone(text):
    assert lines([text, -7])[1] == f"{text},-7"


def test_download_quotes_what_has_commas_quotes_and_line_breaks():
    assert lines(['a,b "c"', 1], ["d\ne", 2])[1:] == ['"a,b ""c""",1', '"d\ne",2', ""]
