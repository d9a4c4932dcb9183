"""The file that has the whole memory: a ZIP archive without compression, which the same facts make byte for byte.

It begins with `memory.json`; each part has a file of JSON lines; `files/` has what rows name, each by its hash. The
whole is written and read piece by piece.
"""

import json
import shutil
import struct
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO
from zipfile import ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from dofc_events.memory.rules import HASH, MAX_TEXT, Fault, FaultKind, FileRefused, Row, in_one_line

HEAD, LINES, FILES = "memory.json", ".jsonl", "files/"
FORMAT = {"format": "dofc-memory", "version": 1}
MAX_FILES, MAX_FILE = 100_000, 64 * 1024 * 1024
# Of a local file header (APPNOTE.TXT 4.3.7): its length without the name and extra fields, and where their lengths are.
HEADER, LENGTHS = 30, 26


@dataclass(frozen=True)
class Contents:
    """What an archive has: rows by part, and by its hash where the bytes of each file begin and how many there are."""

    rows: dict[str, list[Row]]
    files: dict[str, tuple[int, int]]


def write_archive(
    target: BinaryIO,
    parts: Mapping[str, Iterable[Row]],
    files_of: Mapping[str, Callable[[Row], Iterable[str]]],
    opened: Callable[[str], BinaryIO],
) -> tuple[int, int]:
    """Write the rows of each part, and then the files that they name; returns how many there were of each.

    `opened` gives the bytes of a hash, and raises FileNotFoundError.
    """
    named: set[str] = set()
    count = 0
    with ZipFile(target, "w", ZIP_STORED) as archive:
        archive.writestr(_entry(HEAD), in_one_line(FORMAT) + "\n")
        for name, rows in parts.items():
            with archive.open(_entry(name + LINES), "w") as lines:
                for row in rows:
                    lines.write(f"{in_one_line(row)}\n".encode())
                    named.update(files_of[name](row))
                    count += 1
        for content_hash in sorted(named):
            with opened(content_hash) as source, archive.open(_entry(FILES + content_hash), "w") as written:
                shutil.copyfileobj(source, written)
    return count, len(named)


def read_archive(source: BinaryIO) -> Contents:
    """What an archive of ours has. Raises FileRefused for any other. Of the files only where they are is read."""
    try:
        with ZipFile(source) as archive:
            entries = archive.infolist()
            names = [entry.filename for entry in entries]
            if HEAD not in names or len(set(names)) < len(names) or len(names) > MAX_FILES:
                raise FileRefused(Fault(FaultKind.NOT_OURS))
            if any(entry.compress_type != ZIP_STORED or entry.flag_bits & 1 for entry in entries):
                raise FileRefused(Fault(FaultKind.NOT_OURS))
            lines = [entry for entry in entries if entry.filename.endswith(LINES)]
            if sum(entry.file_size for entry in lines) > MAX_TEXT:
                raise FileRefused(Fault(FaultKind.TOO_LARGE))
            if _json(archive.read(HEAD)) != FORMAT:
                raise FileRefused(Fault(FaultKind.NOT_OURS))
            rows = {entry.filename.removesuffix(LINES): [*_rows(archive.read(entry))] for entry in lines}
            files = dict(_places(source, [entry for entry in entries if entry.filename.startswith(FILES)]))
    except (BadZipFile, EOFError, NotImplementedError, OSError, struct.error):
        raise FileRefused(Fault(FaultKind.NOT_OURS)) from None
    return Contents(rows, files)


def _entry(name: str) -> ZipInfo:
    """An entry that says nothing of when or where it was written."""
    entry = ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    entry.create_system, entry.external_attr = 3, 0o644 << 16
    return entry


def _rows(content: bytes) -> Iterator[Any]:
    return (_json(line) for line in content.splitlines() if line.strip())


def _json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        raise FileRefused(Fault(FaultKind.NOT_OURS)) from None


def _places(source: BinaryIO, entries: Collection[ZipInfo]) -> Iterator[tuple[str, tuple[int, int]]]:
    for entry in entries:
        content_hash = entry.filename.removeprefix(FILES)
        if not HASH.fullmatch(content_hash) or entry.file_size > MAX_FILE:
            raise FileRefused(Fault(FaultKind.NOT_OURS, entry.filename[:80]))
        source.seek(entry.header_offset)
        name, extra = struct.unpack_from("<HH", source.read(HEADER), LENGTHS)
        yield content_hash, (entry.header_offset + HEADER + name + extra, entry.file_size)
