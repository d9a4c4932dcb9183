"""The site's programs, forked from a process that has loaded them: to load them takes longer than most tests do."""

import gc
import multiprocessing
import os
import runpy
import sys
from pathlib import Path

from flask import Flask
from jinja2 import FileSystemBytecodeCache

from dofc_events.commands import worker
from dofc_events.config import ROOT
from tests.support.site import Process, Site

# Nothing of it looks at the environment, or opens anything.
LOADED = ("dofc_events.app", "flask.cli", "gunicorn.app.wsgiapp", "dofc_events.serving", __name__)

_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(list(LOADED))


class Fork(Process):
    """A process that has the same to itself as any other: environment, session, output; its interpreter has begun."""

    def _start(self, command: list[str], environment: dict[str, str], log: Path, errors: Path) -> int:
        self._fork = _forks.Process(target=_become, args=(command, environment, log, errors), daemon=True)
        self._fork.start()
        assert self._fork.pid is not None
        return self._fork.pid

    def poll(self, seconds: float = 0) -> int | None:
        self._fork.join(seconds)
        return self._fork.exitcode


class ForkedSite(Site):
    process = Fork


def _become(command: list[str], environment: dict[str, str], log: Path, errors: Path) -> None:
    """Be the program that `python -m` would start with this command."""
    # What was loaded before stays to the end; to look through it once takes a third of what a program needs to begin.
    gc.freeze()
    os.setsid()
    os.chdir(ROOT)
    os.environ.clear()
    os.environ.update(environment)
    for path, descriptor, how in ((Path(os.devnull), 0, "rb"), (log, 1, "ab"), (errors, 2, "ab")):
        with path.open(how) as file:
            os.dup2(file.fileno(), descriptor)
    if templates := environment.get("COMPILED_TEMPLATES"):
        Flask.jinja_options = {"bytecode_cache": FileSystemBytecodeCache(templates)}
    # A story that waits for many emails would wait for seconds each time.
    worker.PAUSE = float(environment.get("PAUSE_OF_WORKER", worker.PAUSE))
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    sys.argv = command
    runpy.run_module(command[0], run_name="__main__", alter_sys=True)
