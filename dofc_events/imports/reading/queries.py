"""A file that an organiser sent, as a table."""

import json
from dataclasses import asdict

from dofc_events.core import contained
from dofc_events.extensions import settings
from dofc_events.imports.reading.rules import MAX_BYTES, FileFault, FileRefused, ReadAs, Table, table_from

READER = "dofc_events.imports.reading"


def read_table(content: bytes, read_as: ReadAs) -> tuple[Table, bytes]:
    """The file as a table, and as it is kept. Raises FileRefused, and TooBusy while enough others are read.

    It is read in a process of its own, which takes seconds: not in a transaction.
    """
    if not content:
        raise FileRefused(FileFault.EMPTY)
    if len(content) > MAX_BYTES:
        raise FileRefused(FileFault.TOO_LARGE)
    try:
        answer = contained.run(READER, json.dumps(asdict(read_as)).encode() + b"\n" + content, settings().instance)
    except contained.TooCostly:
        raise FileRefused(FileFault.TOO_COSTLY) from None
    except contained.ReaderFailed:
        raise FileRefused(FileFault.NO_TABLE) from None
    said = json.loads(answer)
    if "refused" in said:
        raise FileRefused(FileFault(said["refused"]))
    return table_from(said), answer
