"""Files for spreadsheets: what is in them, what must not become a formula, and that they are not kept in memory."""

import gc
import resource
import tempfile
import tracemalloc
from contextlib import closing
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

import pytest

from dofc_events.web.export import PIECE, csv_download, list_download, xlsx_download
from tests.support.sheets import MAIN, read_csv, read_xlsx, sheet_name, sheet_of, style_of

# What people type, and what somebody types who wishes us ill.
TEXTS = [
    "Ђорђе Жикић, Παπαδόπουλος, 김지우, Şebnem, ბერიძე",
    'No nuts,\nno "shellfish" 🌾\tthank you',
    "семь; 7; ٧",
    "  two spaces  ",
    "a\nb",
    "_x0041_",
    "5 < 6 & 7 > 6",
    "https://example.com/?a=1&b=2",
    "0012",
]
FORMULAS = ["=1+1", "+381111234567", "+1 2-3+SUM(A1)", "+381 11 123\n=1", "-2", "@SUM(A1)", "\t=1", "\n=1"]
FORMULAS += ["＝1+1", "＋1", "－1", "＠A1"]
PHONES = ["+381 11 1234567", "+1 212-555-0100"]


pytestmark = pytest.mark.databases("sqlite")


@pytest.fixture(autouse=True)
def request_context(app):
    with app.test_request_context():
        yield


def csv_of(*rows) -> list[list[str]]:
    return read_csv(csv_download("people.csv", ["name", "age"], rows).data)


def xlsx_data(*rows) -> bytes:
    with closing(xlsx_download("people.xlsx", ["name", "age"], rows, sheet="People")) as answer:
        answer.direct_passthrough = False
        return answer.get_data()


def numbered(count: int):
    return ((f"name {number}", number) for number in range(count))


def test_csv_is_a_file_that_excel_reads_as_utf_8():
    answer = csv_download("people.csv", ["name", "age"], [["Ђорђе", 7]])
    assert answer.data == "name,age\r\nЂорђе,7\r\n".encode("utf-8-sig")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="people.csv"'


def test_csv_has_a_header_when_there_is_no_row():
    assert csv_of() == [["name", "age"]]


@pytest.mark.parametrize("text", FORMULAS)
def test_csv_has_no_formula(text):
    assert csv_of([text, 7])[1] == [f"'{text}", "7"]


@pytest.mark.parametrize("text", [*TEXTS, "Ana-Maria", "a=b", "", "'tis", "7 + 1", *PHONES])
def test_csv_leaves_other_text_alone(text):
    assert csv_of([text, -7])[1] == [text, "-7"]


def test_csv_quotes_what_has_commas_quotes_and_line_breaks():
    answer = csv_download("people.csv", ["name", "age"], [['a,b "c"', 1], ["d\ne", 2]])
    assert answer.get_data(as_text=True).split("\r\n")[1:] == ['"a,b ""c""",1', '"d\ne",2', ""]


@pytest.mark.parametrize("count", [PIECE - 1, PIECE, PIECE + 1, 3 * PIECE])
def test_csv_has_every_row_once(count):
    assert csv_of(*numbered(count))[1:] == [[name, str(age)] for name, age in numbered(count)]


def test_csv_begins_before_the_last_row_is_read():
    taken: list[int] = []
    pieces = iter(csv_download("people.csv", ["name", "age"], map(taken.append, range(2 * PIECE))).response)
    # Rows of None cannot be written: the first piece fails only once its own rows have been read.
    with pytest.raises(TypeError):
        next(pieces)
    assert len(taken) == PIECE


def test_csv_stays_small_in_memory():
    def peak(count: int) -> int:
        tracemalloc.start()
        for _piece in csv_download("people.csv", ["name", "age"], numbered(count)).response:
            pass
        _now, highest = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return highest

    assert peak(20 * PIECE) < 1.5 * peak(2 * PIECE)


def test_xlsx_is_a_file_with_its_length():
    with closing(xlsx_download("people.xlsx", ["name", "age"], [["Ђорђе", 7]], sheet="People")) as answer:
        assert answer.headers["Content-Disposition"] == 'attachment; filename="people.xlsx"'
        assert answer.mimetype == "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        answer.direct_passthrough = False
        assert answer.content_length == len(answer.get_data())


@pytest.mark.parametrize("text", [*TEXTS, *FORMULAS])
def test_xlsx_has_text_as_it_was_typed(text):
    assert read_xlsx(xlsx_data([text, -7]))[1] == [text, "-7"]


@pytest.mark.parametrize("text", ["no nuts\r\nno milk", "no nuts\rno milk", "no nuts\nno milk"])
def test_lines_are_lines(text):
    assert csv_of([text, 7])[1] == ["no nuts\nno milk", "7"]
    data = xlsx_data([text, 7])
    assert read_xlsx(data)[1] == ["no nuts\nno milk", "7"] and "_x000D_" not in str(ET.tostring(sheet_of(data)))
    assert next(iter(float(column.attrib["width"]) for column in sheet_of(data).iter(f"{MAIN}col"))) < 12


def test_a_carriage_return_hides_no_formula():
    assert csv_of(["\r=1", 7])[1] == ["'\n=1", "7"]


def test_times_are_times_on_the_clocks_of_their_zone():
    moment = datetime(2026, 11, 2, 14, 30, 5, tzinfo=ZoneInfo("Europe/Sofia"))
    assert csv_of([moment, moment.replace(tzinfo=None)])[1] == ["2026-11-02T14:30:05+02:00", "2026-11-02 14:30"]
    days = (datetime(2026, 11, 2, 14, 30, 5, tzinfo=UTC) - datetime(1899, 12, 30, tzinfo=UTC)) / timedelta(days=1)
    data = xlsx_data([moment, 7])
    assert float(read_xlsx(data)[1][0]) == pytest.approx(days)
    (cell, _number) = sheet_of(data).findall(f".//{MAIN}row")[1]
    assert style_of(data, cell) == "yyyy-mm-dd hh:mm:ss"
    data = xlsx_data([moment.date(), 7])
    assert read_xlsx(data)[1][0] == str(int(days)) and csv_of([moment.date(), 7])[1][0] == "2026-11-02"
    (cell, _number) = sheet_of(data).findall(f".//{MAIN}row")[1]
    assert style_of(data, cell) == "yyyy-mm-dd"


@pytest.mark.parametrize(
    ("name", "sheet"),
    [("People", "People"), ("'A/B' [x]: c*?'", "A B'  x   c"), ("ж" * 40, "ж" * 31), ("<&>", "<&>")],
)
def test_a_sheet_has_a_name_that_excel_takes(name, sheet):
    with closing(xlsx_download("people.xlsx", ["name"], [], sheet=name)) as answer:
        answer.direct_passthrough = False
        assert sheet_name(answer.get_data()) == sheet


@pytest.mark.parametrize(("kind", "start"), [("csv", b"\xef\xbb\xbfname"), ("xlsx", b"PK")])
def test_a_list_is_sent_as_what_its_address_says(kind, start):
    with closing(list_download(kind, "people", ["name"], [["Ana"]], sheet="People")) as answer:
        answer.direct_passthrough = False
        assert answer.headers["Content-Disposition"] == f'attachment; filename="people.{kind}"'
        assert answer.get_data().startswith(start)


@pytest.mark.parametrize("text", ["<r>", "<r></is></c><c><f>1+1</f></c></r>", "<r><t>a</t></r>"])
def test_xlsx_takes_no_markup_from_text(text):
    assert read_xlsx(xlsx_data([text, 7]))[1] == [f"'{text}", "7"]


def test_xlsx_has_no_character_that_its_format_forbids():
    assert read_xlsx(xlsx_data(["a\ufffeb\uffffc", 7]))[1] == ["a\ufffdb\ufffdc", "7"]


def test_xlsx_has_no_cell_where_there_is_nothing():
    cells = [cell.attrib["r"] for cell in sheet_of(xlsx_data(["", None], ["a", 0])).iter(f"{MAIN}c")]
    assert cells == ["A1", "B1", "A3", "B3"]


def test_xlsx_keeps_its_header_in_sight_and_filters_every_column():
    sheet = sheet_of(xlsx_data(["a", 1], ["b" * 200, 2]))
    assert sheet.find(f".//{MAIN}pane").attrib == {
        "ySplit": "1",
        "topLeftCell": "A2",
        "activePane": "bottomLeft",
        "state": "frozen",
    }
    assert sheet.find(f"{MAIN}autoFilter").attrib["ref"] == "A1:B3"
    widths = [float(column.attrib["width"]) for column in sheet.iter(f"{MAIN}col")]
    assert 40 < widths[0] < 50 and widths[1] < 10


def test_xlsx_leaves_nothing_aside_when_a_row_fails(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def rows():
        yield ["Ana", 7]
        assert any(tmp_path.iterdir())
        raise LookupError

    with pytest.raises(LookupError):
        xlsx_download("people.xlsx", ["name", "age"], rows(), sheet="People")
    assert not list(tmp_path.iterdir())


# The library's own half-written archive complains when it is thrown away.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_xlsx_leaves_nothing_aside_when_the_disk_is_full(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    # No file may become larger, as if there were no room.
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            xlsx_download("people.xlsx", ["name", "age"], numbered(5000), sheet="People")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        gc.collect()
    assert not list(tmp_path.iterdir())
