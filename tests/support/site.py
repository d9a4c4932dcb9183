"""The real site: gunicorn and workers as processes of their own, reached over the network."""

import contextlib
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

FLASK = (sys.executable, "-m", "flask", "--app", "wsgi")


class Process:
    """One program that runs until it is stopped; what it prints goes to `log`."""

    def __init__(self, command: list[str], environment: dict[str, str], log: Path) -> None:
        self.log = log
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def stop(self) -> int:
        """Ask it to end, as an operator would, and wait; returns its exit status."""
        self._signal(signal.SIGTERM)
        try:
            return self._process.wait(30)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"still running 30 s after SIGTERM:\n{self.log.read_text()}") from None

    def kill(self) -> None:
        """End it and all that it started, as a power cut would."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def _signal(self, number: signal.Signals) -> None:
        if self.is_running:
            self._process.send_signal(number)


class Site:
    """The site on a free port of this machine. Flask commands and workers run with the same environment."""

    def __init__(self, database_url: str, logs: Path, smtp: MailServer | None = None, **environment: str) -> None:
        self.logs = logs
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        # What the developer's own shell says about a site must not reach this one.
        own = ("DATABASE_URL", "SECRET_KEY", "BASE_URL", "TRUSTED_PROXIES", "WEB_CONCURRENCY")
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

    def serve(self, workers: int = 1, application: str = "wsgi:app") -> "Site":
        """Start gunicorn with so many processes, and wait until the site answers."""
        command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{self.port}", "--workers", str(workers)]
        return self.start([*command, application])

    def start(self, command: list[str]) -> "Site":
        """Start what serves the site at its port, and wait until it answers."""
        self.server = server = self._start(command, "server")
        until = time.monotonic() + 60
        while not self._answers():
            assert server.is_running and time.monotonic() < until, f"no answer:\n{server.log.read_text()}"
            time.sleep(0.05)
        return self

    def run_worker(self) -> Process:
        """Start a worker, in the background."""
        return self._start([*FLASK, "worker"], f"worker-{len(self._running)}")

    def flask(self, *arguments: str, check: bool = True, seconds: float = 120) -> str:
        """Run a flask command and return what it prints; fails if it does, unless `check` is False."""
        run = subprocess.run(
            [*FLASK, *arguments],
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        assert run.returncode == 0 or not check, f"flask {arguments}: exit {run.returncode}\n{run.stdout}{run.stderr}"
        return run.stdout if check else run.stdout + run.stderr

    def flask_json(self, *arguments: str) -> dict[str, Any]:
        """Run a flask command that prints one JSON object."""
        answer: dict[str, Any] = json.loads(self.flask(*arguments))
        return answer

    def stop(self) -> None:
        """Stop everything that was started here; what was started last, first."""
        while self._running:
            process = self._running.pop()
            if process.is_running:
                process.stop()
            process.kill()

    def _start(self, command: list[str], name: str) -> Process:
        process = Process(command, self.environment, self.logs / f"{name}.log")
        self._running.append(process)
        return process

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
