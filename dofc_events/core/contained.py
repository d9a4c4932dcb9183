"""What strangers send is parsed in a process of its own, which may take only so much of everything; few at a time.

A file of some kilobytes can cost minutes and gigabytes, and no parser promises otherwise. The parent calls `run`,
outside of any transaction; the child, started as `python -m` with a module that calls `serve`, limits itself before it
reads. It inherits no connection, no secret and no library of the site's, and the site none of the child's.
"""

import contextlib
import enum
import fcntl
import logging
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import structlog

from dofc_events.config import ROOT
from dofc_events.core.errors import Refusal

# The dearest file that is taken, a picture of 30 million pixels, needs half of each on a slow machine.
CPU_SECONDS = 10
MEMORY = 512 * 1024 * 1024
# On the clock: a child that gets no processor must end as well. Less than gunicorn gives a request.
SECONDS = 40
# What nobody waits for, because the worker has it done, may take so many times as much of each.
LONGER = 2

# On one machine, whoever asks; and of the threads of one process, so that the others serve pages meanwhile.
MAX_AT_ONCE = 2
MAX_OF_A_PROCESS = 2
# How long somebody waits for their turn, in seconds, and how long those wait who do not get one.
PATIENCE = 8
RETRY_AFTER = 60

# The child's word that it was stopped by its limits.
EXHAUSTED = 3


class Line(enum.StrEnum):
    """Who waits for whom: nobody who signs in waits for those who send files."""

    FILES = "reader"
    PASSKEYS = "passkeys"


_of_this_process = {line: threading.BoundedSemaphore(MAX_OF_A_PROCESS) for line in Line}

log = structlog.get_logger()


class TooBusy(Refusal):
    """Others are served already, and enough wait: try again after `retry_after` seconds."""

    def __init__(self) -> None:
        super().__init__()
        self.retry_after = RETRY_AFTER


class TooCostly(Refusal):
    """What was sent takes more time or memory than anything honest needs."""


class ReaderFailed(Exception):
    """The child ended in a way that nobody foresaw; the log has by what, and no word of what was sent.

    There is no end of ways to write a file that a library stumbles over: whoever asked says that it cannot be read.
    """


def run(module: str, content: bytes | BinaryIO, instance: Path, line: Line = Line.FILES) -> bytes:
    """What `serve` in this module makes of `content`. Raises TooBusy, TooCostly.

    A file on the disk is never in memory as a whole: the child reads of it what it needs. All processes that share
    `instance` take turns. It can take SECONDS and PATIENCE: not in a transaction.
    """
    given: dict[str, Any] = {"input": content} if isinstance(content, bytes) else {"stdin": content}
    with _turn(instance, line):
        return _run(module, timeout=SECONDS, stdout=subprocess.PIPE, **given) or b""


def run_on_file(module: str, source: BinaryIO, answer: BinaryIO, instance: Path) -> None:
    """As `run`, with `serve_file` in the module: it reads one open file of the system, and writes the other.

    So neither is ever in memory here. The child may take LONGER times as much of everything.
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


def serve(read: Callable[[bytes], bytes]) -> None:
    """The child's whole life: within its limits, what comes in becomes what goes out."""
    serve_file(lambda source, answer: answer.write(read(source.read())))


def serve_file(write: Callable[[BinaryIO, BinaryIO], object]) -> None:
    """Like `serve`, but `write` is given the open files and reads and writes as it pleases."""
    _limit(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
    # Libraries complain in a line for each broken object.
    logging.disable()
    status = 0
    try:
        write(sys.stdin.buffer, sys.stdout.buffer)
    except (MemoryError, RecursionError):
        os._exit(EXHAUSTED)
    except Exception as error:
        sys.stdout.buffer.write(repr(error).encode())
        status = 1
    sys.stdout.buffer.flush()
    sys.exit(status)


def _limit(times: int) -> None:
    # Whoever visits the site goes first.
    os.nice(10)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (times * CPU_SECONDS, times * CPU_SECONDS))
    # Macs know no such limit.
    with contextlib.suppress(ValueError):
        resource.setrlimit(resource.RLIMIT_AS, (times * MEMORY, times * MEMORY))
    # Should the parent be killed meanwhile, and with it its timeout.
    signal.alarm(times * SECONDS)


@contextlib.contextmanager
def _turn(instance: Path, line: Line) -> Iterator[None]:
    """Hold one of MAX_AT_ONCE places. The system gives a place back when its holder ends, however it ends."""
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
