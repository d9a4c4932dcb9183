"""The encoder of photographs, as it would be if one kind of picture killed it: `python -m tests.support.deadly`."""

import os
import signal
from typing import BinaryIO

from dofc_events.core.limited import serve_file
from dofc_events.memory.photographs.encoding.__main__ import write


def write_or_die(source: BinaryIO, answer: BinaryIO) -> None:
    if b"deadly" in source.read():
        answer.write(b"[")
        answer.flush()
        os.kill(os.getpid(), signal.SIGKILL)
    source.seek(0)
    write(source, answer)


if __name__ == "__main__":
    serve_file(write_or_die)
