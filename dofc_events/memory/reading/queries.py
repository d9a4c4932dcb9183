"""A file that somebody imports, as rows of the memory."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, BinaryIO

from dofc_events.core import contained, files
from dofc_events.extensions import settings
from dofc_events.memory.rules import MAX_TEXT, Fault, FaultKind, FileRefused, Row

READER = "dofc_events.memory.reading"


@dataclass(frozen=True)
class ReadFile:
    """What a file says: `rows` of the whole memory, and the `places` of bytes in it; or the `facts` of a history."""

    rows: dict[str, list[Row]]
    places: dict[str, tuple[int, int]]
    facts: Any = None


# Where everything that is named must be there already.
NOTHING_READ = ReadFile({}, {})


def read_file(file: BinaryIO) -> ReadFile:
    """What a file on the disk says. Raises FileRefused, and TooBusy while enough others are read.

    It is read in a process of its own, which takes seconds: not in a transaction. Its values are not checked yet.
    """
    file.seek(0)
    try:
        answer = contained.run(READER, file, settings().instance)
    except contained.TooCostly:
        raise FileRefused(Fault(FaultKind.TOO_COSTLY)) from None
    except contained.ReaderFailed:
        raise FileRefused(Fault(FaultKind.NOT_OURS)) from None
    if len(answer) > 4 * MAX_TEXT:
        raise FileRefused(Fault(FaultKind.TOO_LARGE))
    said = json.loads(answer)
    if "refused" in said:
        raise FileRefused(*(Fault(FaultKind(kind), where) for kind, where in said["refused"]))
    places = {name: (begin, size) for name, (begin, size) in said.get("files", {}).items()}
    return ReadFile(said.get("rows", {}), places, said.get("facts"))


def bytes_in(file: BinaryIO, read: ReadFile, content_hash: str) -> bytes:
    """The bytes of a file that another one has. Raises FileRefused if they are not those of the hash."""
    begin, size = read.places[content_hash]
    file.seek(begin)
    content = file.read(size)
    if files.hash_of(content) != content_hash:
        raise FileRefused(Fault(FaultKind.FILE_DAMAGED, content_hash))
    return content


def refuse_missing(read: ReadFile, wanted: Iterable[str]) -> None:
    """Raise FileRefused if a file is wanted that is neither there already nor in what was read."""
    elsewhere = [one for one in wanted if one not in read.places]
    missing = sorted(files.missing(settings().shared, elsewhere)) if elsewhere else []
    if missing:
        raise FileRefused(*(Fault(FaultKind.FILE_MISSING, one) for one in missing))
