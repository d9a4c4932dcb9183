"""Files that nobody could foresee, through the process that reads them: refused like any other that is no list."""

import io
import zipfile

import pytest

from dofc_events.imports.reading.queries import read_table
from dofc_events.imports.reading.rules import FileFault, FileRefused, ReadAs
from tests.imports.reading.test_rules import replaced, workbook

BOOK = workbook(("Name",), ("Ana",))


def encrypted() -> bytes:
    """A workbook whose parts say that they are encrypted."""
    flagged = bytearray(BOOK)
    with zipfile.ZipFile(io.BytesIO(BOOK)) as parts:
        begin = parts.start_dir
    while (begin := flagged.find(b"PK\x01\x02", begin)) != -1:
        flagged[begin + 8] |= 1
        begin += 4
    return bytes(flagged)


@pytest.mark.databases("sqlite")
@pytest.mark.usefixtures("session")
@pytest.mark.parametrize(
    "content",
    [
        pytest.param(replaced(BOOK, "xl/workbook.xml", "<workbook/>"), id="no sheet"),
        pytest.param(encrypted(), id="encrypted"),
    ],
)
def test_a_workbook_that_its_reader_stumbles_over_is_refused_in_words(content):
    with pytest.raises(FileRefused) as refused:
        read_table(content, ReadAs())
    assert refused.value.fault is FileFault.NO_TABLE
