"""What a child process of `contained` runs: it limits itself, then reads what a stranger sent.

It loads nothing but what it needs for that: it is started anew for each file.
"""

import contextlib
import logging
import os
import resource
import signal
import sys
from collections.abc import Callable
from typing import BinaryIO

# The most costly file that is accepted, a picture of 30 million pixels, needs half of each on a slow machine.
CPU_SECONDS = 10
MEMORY = 512 * 1024 * 1024
# By the clock: a child that gets no processor time must end, too. Less than gunicorn allows for a request.
SECONDS = 40

# The exit status of a child that its limits stopped.
EXHAUSTED = 3


def serve(read: Callable[[bytes], bytes]) -> None:
    """What the child process runs: set the limits, read standard input, write what `read` makes of it."""
    serve_file(lambda source, answer: answer.write(read(source.read())))


def serve_file(write: Callable[[BinaryIO, BinaryIO], object]) -> None:
    """As `serve`, but `write` is given both open files, and reads and writes them itself."""
    _limit(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
    # Libraries log a line for each broken object.
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
    # Visitors of the site go first.
    os.nice(10)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (times * CPU_SECONDS, times * CPU_SECONDS))
    # macOS has no such limit.
    with contextlib.suppress(ValueError):
        resource.setrlimit(resource.RLIMIT_AS, (times * MEMORY, times * MEMORY))
    # In case the parent, and its timeout with it, is killed meanwhile.
    signal.alarm(times * SECONDS)
