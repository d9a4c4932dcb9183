"""Parses what strangers send in a process of its own, with limits on time, memory and files; only a few at a time.

A file of some kilobytes can cost minutes and gigabytes, and no parser promises otherwise. The parent calls `run`,
outside any transaction. The child is started as `python -m` with a module that calls `limited.serve`, and limits itself
before it reads. It inherits no connection, no secret and none of the site's libraries.
"""

import contextlib
import enum
import fcntl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import structlog

from dofc_events.config import ROOT
from dofc_events.core.errors import Refusal
from dofc_events.core.limited import EXHAUSTED, SECONDS

# Work that the worker does, for which nobody waits, may take this many times as much time and memory.
LONGER = 2

# On one machine; and of one process's threads, so that the others can serve pages meanwhile.
MAX_AT_ONCE = 2
MAX_OF_A_PROCESS = 2
# How long to wait for a turn, in seconds, and after how many to try again without one.
PATIENCE = 8
RETRY_AFTER = 60


class Line(enum.StrEnum):
    """Which line to wait in. Sign-ins and files have separate ones, so that nobody who signs in waits for a file."""

    FILES = "reader"
    PASSKEYS = "passkeys"


_of_this_process = {line: threading.BoundedSemaphore(MAX_OF_A_PROCESS) for line in Line}

log = structlog.get_logger()


class TooBusy(Refusal):
    """Enough files are being read, and enough people wait. Try again after `retry_after` seconds."""

    def __init__(self) -> None:
        super().__init__()
        self.retry_after = RETRY_AFTER


class TooCostly(Refusal):
    """What was sent takes more time or memory to read than any honest file needs."""


class ReaderFailed(Exception):
    """The child process ended unexpectedly. The log has the name of the error, and nothing of what was sent.

    A library can stumble over a file in countless ways: callers say that the file cannot be read.
    """


def run(module: str, content: bytes | BinaryIO, instance: Path, line: Line = Line.FILES) -> bytes:
    """Hand `content` to a new process of this module; returns what its `serve` makes of it.

    Content that is an open file is never in memory as a whole. All processes that share `instance` take turns. This can
    take PATIENCE seconds of waiting and SECONDS of work, so never call it within a transaction. Raises TooBusy and
    TooCostly.
    """
    given: dict[str, Any] = {"input": content} if isinstance(content, bytes) else {"stdin": content}
    with _turn(instance, line):
        return _run(module, timeout=SECONDS, stdout=subprocess.PIPE, **given) or b""


def run_on_file(module: str, source: BinaryIO, answer: BinaryIO, instance: Path) -> None:
    """As `run`, but the module calls `serve_file`, which reads one open file and writes another.

    Neither file is in memory here. The child may take LONGER times the usual time and memory.
    """
    source.seek(0)
    with _turn(instance, Line.FILES):
        _run(module, str(LONGER), stdin=source, stdout=answer, timeout=LONGER * SECONDS)


def _run(module: str, *arguments: str, timeout: float, **streams: Any) -> bytes | None:
    try:
        done = subprocess.run(  # noqa: S603 (our own module, named by us)
            [sys.executable, "-m", module, *arguments],
            stderr=subprocess.DEVNULL,
            cwd=ROOT,
            env={},
            timeout=timeout,
            check=False,
            **streams,
        )
    except subprocess.TimeoutExpired:
        raise TooCostly from None
    if done.returncode == EXHAUSTED or done.returncode < 0:
        log.warning("reader_stopped", module=module, status=done.returncode)
        raise TooCostly
    if done.returncode:
        said = (done.stdout or b"")[-500:].decode(errors="replace")
        # The name of what was raised, and no word of what was sent.
        log.error("reader_failed", module=module, status=done.returncode, error=said.partition("(")[0][:60])
        raise ReaderFailed(f"{module}: exit {done.returncode}: {said}")
    answer: bytes | None = done.stdout
    return answer


@contextlib.contextmanager
def _turn(instance: Path, line: Line) -> Iterator[None]:
    """Hold one of MAX_AT_ONCE turns. The system gives it back when its holder ends, even if it is killed."""
    if not _of_this_process[line].acquire(blocking=False):
        raise TooBusy
    with contextlib.ExitStack() as held:
        held.callback(_of_this_process[line].release)
        places = [held.enter_context((instance / f"{line}-{n}.lock").open("ab")) for n in range(MAX_AT_ONCE)]
        until = time.monotonic() + PATIENCE
        while not any(_taken(place) for place in places):
            if time.monotonic() > until:
                raise TooBusy
            time.sleep(0.05)
        yield


def _taken(place: BinaryIO) -> bool:
    try:
        fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
