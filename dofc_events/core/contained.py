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
from typing import BinaryIO

import structlog

from dofc_events.config import ROOT
from dofc_events.core.errors import Refusal

# The dearest file that is taken, a picture of 30 million pixels, needs half of each on a slow machine.
CPU_SECONDS = 10
MEMORY = 512 * 1024 * 1024
# On the clock: a child that gets no processor must end as well. Less than gunicorn gives a request.
SECONDS = 40

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
    """The child ended in a way that nobody foresaw."""


def run(module: str, content: bytes | BinaryIO, instance: Path, line: Line = Line.FILES) -> bytes:
    """What `serve` in this module makes of `content`. Raises TooBusy, TooCostly.

    A file on the disk is never in memory as a whole: the child reads of it what it needs. All processes that share
    `instance` take turns. It can take SECONDS and PATIENCE: not in a transaction.
    """
    with _turn(instance, line):
        try:
            done: subprocess.CompletedProcess[bytes] = subprocess.run(  # noqa: S603 (our own module, named by us)
                [sys.executable, "-m", module],
                input=content if isinstance(content, bytes) else None,
                stdin=None if isinstance(content, bytes) else content,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=ROOT,
                env={},
                timeout=SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise TooCostly from None
    if done.returncode == EXHAUSTED or done.returncode < 0:
        log.warning("reader_stopped", module=module, status=done.returncode)
        raise TooCostly
    if done.returncode:
        raise ReaderFailed(f"{module}: exit {done.returncode}: {done.stdout[-500:].decode(errors='replace')}")
    return done.stdout


def serve(read: Callable[[bytes], bytes]) -> None:
    """The child's whole life: within its limits, what comes in becomes what goes out."""
    serve_file(lambda file: read(file.read()))


def serve_file(read: Callable[[BinaryIO], bytes]) -> None:
    """The life of a child that is given a file."""
    _limit()
    # Libraries complain in a line for each broken object.
    logging.disable()
    try:
        answer = read(sys.stdin.buffer)
    except (MemoryError, RecursionError):
        os._exit(EXHAUSTED)
    except Exception as error:
        answer = repr(error).encode()
        status = 1
    else:
        status = 0
    sys.stdout.buffer.write(answer)
    sys.stdout.buffer.flush()
    sys.exit(status)


def _limit() -> None:
    # Whoever visits the site goes first.
    os.nice(10)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    # Macs know no such limit.
    with contextlib.suppress(ValueError):
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    # Should the parent be killed meanwhile, and with it its timeout.
    signal.alarm(SECONDS)


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
