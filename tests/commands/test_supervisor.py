"""What `make run` starts ends with whoever watches over it, even if that is killed and can tell nobody."""

import contextlib
import os
import re
import shlex
import signal
import subprocess
import sys
import time
import urllib.request

import psutil
import pytest

from dofc_events.config import ROOT


@pytest.mark.databases("sqlite")
def test_nothing_serves_on_when_the_supervisor_is_killed(live_server, database_url):
    site = live_server(database_url, workers=0, WEB_CONCURRENCY="1")
    # The last lines of `make run`, for this port.
    (last,) = re.findall(r"\tSUPERVISOR=.*\\\n\texec .*", (ROOT / "Makefile").read_text(encoding="utf-8"))
    line = last.replace("\\\n", "").replace("$(RUN_PYTHON)", shlex.quote(sys.executable)).replace("$$", "$")
    with (site.logs / "honcho.log").open("wb") as log:
        made = subprocess.Popen(
            ["sh", "-ec", line], cwd=ROOT, env=site.environment | {"PORT": str(site.port)}, stdout=log, stderr=log
        )
    supervisor = psutil.Process(made.pid)
    started: list[psutil.Process] = []
    try:
        until = time.monotonic() + 30
        while not answers(f"{site.url}/healthz"):
            assert made.poll() is None and time.monotonic() < until, (site.logs / "honcho.log").read_text()
            time.sleep(0.1)
        started = supervisor.children(recursive=True)
        # gunicorn with a process that serves, the worker, what honcho runs them in.
        assert len(started) >= 5
        os.kill(made.pid, signal.SIGKILL)
        made.wait(5)
        _, alive = psutil.wait_procs(started, timeout=15)
        assert alive == []
    finally:
        for process in (supervisor, *started):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
