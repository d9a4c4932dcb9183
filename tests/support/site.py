"""The real site: gunicorn and workers as processes of their own, reached over the network."""

import contextlib
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from dofc_events.config import ROOT
from tests.support.smtp import MailServer

FLASK = ("flask", "--app", "wsgi")


class Process:
    """`python -m` with a command, until it ends or is stopped; what it prints goes to `log`, or errors to `errors`."""

    def __init__(self, command: list[str], environment: dict[str, str], log: Path, errors: Path) -> None:
        self.log = log
        self.pid = self._start(command, environment, log, errors)

    def _start(self, command: list[str], environment: dict[str, str], log: Path, errors: Path) -> int:
        with log.open("ab") as output, errors.open("ab") as complaints:
            self._process = subprocess.Popen(
                [sys.executable, "-m", *command],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=complaints,
                start_new_session=True,
            )
        return self._process.pid

    def poll(self, seconds: float = 0) -> int | None:
        """Its exit status, or None if it is still running after this many seconds."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self._process.wait(seconds)
        return None

    @property
    def is_running(self) -> bool:
        return self.poll() is None

    def wait(self, seconds: float) -> int:
        """Its exit status; fails, and ends it, if it is still running after this many seconds."""
        status = self.poll(seconds)
        if status is None:
            self.kill()
            raise AssertionError(f"still running after {seconds} s:\n{self.log.read_text()}")
        return status

    def stop(self) -> int:
        """Ask it to end, as an operator would, and wait; returns its exit status."""
        if self.is_running:
            os.kill(self.pid, signal.SIGTERM)
        return self.wait(30)

    def kill(self) -> None:
        """End it and all that it started, as a power cut would."""
        # One that was just started may not lead its own group yet.
        for end in (os.killpg, os.kill):
            with contextlib.suppress(ProcessLookupError):
                end(self.pid, signal.SIGKILL)
        self.poll(30)


class Site:
    """The site on a free port of this machine. Flask commands and workers run with the same environment."""

    process = Process

    def __init__(self, database_url: str, logs: Path, smtp: MailServer | None = None, **environment: str) -> None:
        self.logs = logs
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        # What the developer's own shell says about a site must not reach this one.
        own = ("DATABASE_URL", "SECRET_KEY", "BASE_URL", "TRUSTED_PROXIES", "WEB_CONCURRENCY", "ALERT_URL")
        inherited = {k: v for k, v in os.environ.items() if k not in own and not k.startswith(("MAIL_", "FLASK_"))}
        self.environment = inherited | {
            "DATABASE_URL": database_url,
            "SECRET_KEY": "a secret that is good enough for tests",
            "BASE_URL": self.url,
            "PORT": str(self.port),
            "RATE_LIMITS": "off",
            "PYTHONUNBUFFERED": "1",
            **(smtp.environment() if smtp else {}),
            **environment,
        }
        self._running: list[Process] = []
        self._numbers = itertools.count(1)

    def serve(self, workers: int = 1, application: str = "wsgi:app") -> "Site":
        """Start gunicorn with this many processes, and wait until the site answers."""
        return self.start("gunicorn", "--bind", f"127.0.0.1:{self.port}", "--workers", str(workers), application)

    def start(self, *command: str) -> "Site":
        """Start what serves the site at its port, and wait until it answers."""
        self.server = server = self._start(*command)
        until = time.monotonic() + 60
        while not self._answers():
            assert server.is_running and time.monotonic() < until, f"no answer:\n{server.log.read_text()}"
            time.sleep(0.05)
        return self

    def run_worker(self) -> Process:
        """Start a worker, in the background."""
        return self._start(*FLASK, "worker")

    def flask(self, *arguments: str, check: bool = True, seconds: float = 120) -> str:
        """Run a flask command and return what it prints; fails if it does, unless `check` is False."""
        log = self._new_log("command")
        errors = log.with_suffix(".errors")
        status = self.process([*FLASK, *arguments], self.environment, log, errors).wait(seconds)
        said, complained = log.read_text(), errors.read_text()
        assert status == 0 or not check, f"flask {arguments}: exit {status}\n{said}{complained}"
        return said if check else said + complained

    def flask_json(self, *arguments: str) -> dict[str, Any]:
        """Run a flask command that prints one JSON object."""
        answer: dict[str, Any] = json.loads(self.flask(*arguments))
        return answer

    def stop(self) -> None:
        """End everything that was started here, without waiting for visitors who keep their connections."""
        while self._running:
            self._running.pop().kill()

    def _start(self, *command: str) -> Process:
        log = self._new_log(command[0])
        process = self.process(list(command), self.environment, log, log)
        self._running.append(process)
        return process

    def _new_log(self, name: str) -> Path:
        log = self.logs / f"{name}-{next(self._numbers)}.log"
        # There to be read before the process has begun, and without what another site of the same name left.
        log.write_bytes(b"")
        return log

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=5):
                return True
        except urllib.error.HTTPError:
            return True
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False


def free_port() -> int:
    """A port of the loopback interface that nobody uses just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
