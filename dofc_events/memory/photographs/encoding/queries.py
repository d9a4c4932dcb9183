"""The sizes of a photograph, from the file that was sent."""

import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from dofc_events.core import contained
from dofc_events.memory.photographs.rules import PictureFault, PictureRefused

ENCODER = "dofc_events.memory.photographs.encoding"


@dataclass(frozen=True)
class Size:
    """One size in one format, and its bytes."""

    format: str
    width: int
    height: int
    content: bytes


def made_from(source: BinaryIO, instance: Path) -> Iterator[Size]:
    """Each size that is served. Raises PictureRefused, and TooBusy while enough others are read.

    It is unpacked in a process of its own, which takes seconds: not in a transaction. That answers with a line of JSON,
    either why it is refused, or format, width, height and length of each size, which follow one after the other.
    """
    with tempfile.TemporaryFile() as answer:
        try:
            contained.run_on_file(ENCODER, source, answer, instance)
        except (contained.TooCostly, contained.ReaderFailed):
            raise PictureRefused(PictureFault.TOO_COSTLY) from None
        answer.seek(0)
        said = json.loads(answer.readline())
        if "refused" in said:
            raise PictureRefused(PictureFault(said["refused"]))
        for form, width, height, length in said:
            yield Size(form, width, height, answer.read(length))
