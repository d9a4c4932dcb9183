"""What the site holds in memory as `make run` starts it, once every page has been visited."""

import threading
import time
from pathlib import Path

import psutil
import time_machine

from benchmarks.crowd import CHAIR, signed_in
from benchmarks.load import Client
from dofc_events.accounts.rules import RoleName
from dofc_events.app import create_app
from dofc_events.core.db import unit_of_work
from tests.rights import HOLDER, NOBODY, address_of, make_world
from tests.support.databases import Databases, close_connections, settings_for
from tests.support.factories import NOW, make_account
from tests.support.site import Site
from tests.support.smtp import MailServer

# Each visits every page: if there were fewer, one of the web processes might have little to do.
VISITORS = 6
SUPERVISOR = ("honcho", "-e", "/dev/null", "start", "-p")


def memory(databases: Databases, kind: str, folder: Path) -> list[tuple[str, float]]:
    """Each process with its megabytes; pages that several share are divided among them (PSS)."""
    sink = MailServer(folder)
    sink.start()
    try:
        with databases.fresh(kind) as url:
            addresses = _every_page(url, folder, sink)
            paths = {"PYTHONPATH": str(_as_on_a_host(folder)), "SHARED_DIR": str(folder / "instance")}
            site = Site(url, folder, sink, WEB_CONCURRENCY="2", **paths)
            try:
                supervisor = psutil.Process(site.start(*SUPERVISOR, str(site.port)).server.pid)
                chairs = [signed_in(site) for _ in range(VISITORS)]
                visitors = [threading.Thread(target=_visit, args=(chair, addresses)) for chair in chairs]
                for visitor in visitors:
                    visitor.start()
                for visitor in visitors:
                    visitor.join()
                # The worker has had a few rounds.
                time.sleep(5)
                return [(_name(p), p.memory_full_info().pss / 2**20) for p in (supervisor, *supervisor.children(True))]
            finally:
                # What is killed could not stop what it watches over.
                site.server.stop()
                site.stop()
    finally:
        sink.stop()


def _every_page(database_url: str, folder: Path, sink: MailServer) -> list[str]:
    """All addresses, with something behind each of them."""
    app = create_app(settings_for(database_url, folder / "instance", **sink.settings()))
    with time_machine.travel(NOW, tick=False):
        values, _ = make_world(app)
    with app.app_context():
        with unit_of_work() as session:
            make_account(session, CHAIR, role=RoleName.CHAIR)
        close_connections()
    pages = [rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())]
    return [address_of(rule, values, role) for rule in pages for role in (NOBODY, HOLDER)]


def _as_on_a_host(folder: Path) -> Path:
    """A directory to look for modules in first: it hides those for development that libraries load if they can."""
    hidden = folder / "hidden"
    hidden.mkdir(exist_ok=True)
    for name in ("pygments", "rich"):
        (hidden / f"{name}.py").write_text("raise ImportError\n", encoding="utf-8")
    return hidden


def _visit(chair: Client, addresses: list[str]) -> None:
    for address in addresses:
        chair.visit(address)


def _name(process: psutil.Process) -> str:
    command = " ".join(process.cmdline())
    if "gunicorn" in command:
        return "web process" if "gunicorn" in " ".join(process.parent().cmdline()) else "web, their parent"
    return "worker" if "flask" in command else "supervisor" if "honcho" in command else command
