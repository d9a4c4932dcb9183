"""How gunicorn serves the site; it reads this file by itself when started here. Options on its command line win."""

import gc
import os
import shutil
import tempfile

from dofc_events.core.supervisor import end_with_supervisor

# Only this machine: TLS and the outside world are a front server's business (see TRUSTED_PROXIES).
bind = f"127.0.0.1:{os.environ.get('PORT') or 8000}"

# Whoever is slow to send or to read occupies no thread.
worker_class = "dofc_events.serving.BufferingWorker"
workers = int(os.environ.get("WEB_CONCURRENCY") or 2)
threads = 4
timeout = 60

# Requests under way get this long when the site is stopped. honcho kills what still runs five seconds after Ctrl-C, so
# promising more would be a lie.
graceful_timeout = 4

# Who stands in front is said once, in TRUSTED_PROXIES; without this, gunicorn would believe anyone on this machine.
forwarded_allow_ips = ""

# A socket in the home directory, shared by every site that the same person starts.
control_socket_disable = True

# No access log: addresses hold the links that act for a person.
accesslog = None
loglevel = "info"


# Loaded once, and shared by the processes as long as none writes to it.
preload_app = True

# Each process notes its figures in a file of its own here, and whichever is asked for /metrics adds them up.
if os.environ.get("METRICS_TOKEN") and "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="dofc-metrics-")


def on_exit(server: object) -> None:
    """Nobody will ask for them again."""
    if directory := os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        shutil.rmtree(directory, ignore_errors=True)


def when_ready(server: object) -> None:
    """What was loaded stays for good: the collector need not look through it again, nor write to it.

    Else it would copy all of it into each process.
    """
    gc.collect()
    gc.freeze()
    end_with_supervisor()


def post_fork(server: object, worker: object) -> None:
    """A page makes some thousand objects: to look for circles among every seven hundred takes a tenth of its time."""
    gc.set_threshold(20_000)
