"""Fixtures. What they hand out is written in tests/support/; this file says how long each thing lives."""

import gc
import importlib
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from flask import Flask
from jinja2 import FileSystemBytecodeCache
from playwright.sync_api import sync_playwright
from sqlalchemy.orm import Session

from dofc_events.accounts.models import Account
from dofc_events.accounts.service import issue_sign_in_link, use_link
from dofc_events.commands.timers import run_timers
from dofc_events.core.clock import now
from dofc_events.core.db import db, unit_of_work
from tests.browser_setup import HOW_TO_GET_ONE, find_chromium
from tests.support import locks
from tests.support.browser import ARTIFACTS, CheckedBrowser, Tabs
from tests.support.databases import KINDS, Databases, close_connections
from tests.support.factories import NOW
from tests.support.forked import ForkedSite
from tests.support.pages import Client
from tests.support.site import Site
from tests.support.smtp import MailServer

# Without a sandbox, because tests also run as root and in containers; and no script runs long enough to be optimised.
CHROMIUM = ["--no-sandbox", "--disable-dev-shm-usage", "--js-flags=--no-opt,--no-maglev"]
RUN = pytest.StashKey[Path]()
TEMPLATES = "templates"
# A directory in memory, where the system has one, and what a run may need of it.
MEMORY, MOST = Path("/dev/shm"), 2 * 1024**3
# They run sites, workers and browsers, and mostly wait for them.
WAITING = {"journeys", "races", "browser", "commands", "support", "attacks", "test_outages.py"}
# They ask for every page, or find their way through many states.
COMPUTING = {
    "test_edits.py",
    "test_hostile_numbers.py",
    "test_invariants.py",
    "test_migrations.py",
    "test_numbers.py",
    "test_rights.py",
    "test_seat_invariants.py",
    "test_upgrades.py",
}


def pytest_configure(config: pytest.Config) -> None:
    """One directory per run: made by the process that was started, named to the others by xdist."""
    given = getattr(config, "workerinput", {}).get("dofc_run")
    # Until all tests are collected everything is kept, so there is nothing to look for.
    gc.disable()
    locks.watch()
    run = config.stash[RUN] = Path(given or tempfile.mkdtemp(prefix="dofc-", dir=_memory()))
    # Of all sites in all processes, one translates a template.
    (run / TEMPLATES).mkdir(exist_ok=True)
    Flask.jinja_options = {"bytecode_cache": FileSystemBytecodeCache(str(run / TEMPLATES))}
    # All tests of a process together ask more than a site does; each statement is compiled once.
    db._engine_options["query_cache_size"] = 5_000
    if not given:
        shutil.rmtree(ARTIFACTS, ignore_errors=True)
        # Ends like Ctrl-C: otherwise PostgreSQL and the sites under test would outlive a run that is cut short.
        signal.signal(signal.SIGTERM, signal.default_int_handler)


def _memory() -> Path | None:
    """Where no database waits for a disk: of all that a run writes, nothing has to outlive it."""
    fits = MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > MOST
    return MEMORY if fits else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Of all tests, each process first imports a share, and leaves them to the others with their asserts rewritten.

    To rewrite takes longer than all else until the first test runs, and all processes would do it for all files.
    """
    config, worker = session.config, getattr(session.config, "workerinput", None)
    if worker and config.args_source is pytest.Config.ArgsSource.TESTPATHS:
        files = sorted(Path(__file__).parent.rglob("test_*.py"))
        for file in files[int(worker["workerid"].removeprefix("gw")) :: worker["workercount"]]:
            importlib.import_module(".".join(file.relative_to(config.rootpath).with_suffix("").parts))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What takes long begins each process's share: one such test at the end would keep the others waiting.

    Some processes begin with what mostly waits, so that the others compute meanwhile.
    """
    count = getattr(config, "workerinput", {}).get("workercount")
    if count is None:
        return
    begins = [*_dealt(items, WAITING, count // 2), *_dealt(items, COMPUTING, count - count // 2)]
    dealt = {item for begin in begins for item in begin}
    quick, size = [item for item in items if item not in dealt], -(-len(items) // count)
    items.clear()
    for begin in begins:
        room = size - len(begin)
        items += [*begin, *quick[:room]]
        quick = quick[room:]
    items += quick


def _dealt(items: list[pytest.Item], names: set[str], hands: int) -> list[list[pytest.Item]]:
    """The tests of these files and directories, for so many processes.

    A file's tests stay together: some share what takes long to prepare.
    """
    mine = [item for item in items if names & {*item.path.relative_to(Path(__file__).parent).parts}]
    files = list(dict.fromkeys(item.path for item in mine))
    return [[item for item in mine if item.path in set(files[hand::hands])] for hand in range(hands)]


def pytest_collection_finish() -> None:
    """What is there before the first test stays to the end; to look through all of it again takes much of a run."""
    gc.freeze()
    gc.set_threshold(50_000)
    gc.enable()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One for each core, and one more, as some wait: each has to import all tests and start what they need."""
    return min((os.cpu_count() or 1) + 1, 8)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node) -> None:
    node.workerinput["dofc_run"] = str(node.config.stash[RUN])


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        Databases(config.stash[RUN]).stop()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Whatever uses a database runs on both kinds, except views, which run on SQLite, and what is marked otherwise.

    Marked are the files whose tests make the same statements: there, those run on both that together make every one.
    """
    if "database_kind" not in metafunc.fixturenames:
        return
    marker = metafunc.definition.get_closest_marker("databases")
    views_only = "client" in metafunc.fixturenames
    kinds = marker.args if marker else KINDS[:1] if views_only else KINDS
    metafunc.parametrize("database_kind", kinds)


@pytest.fixture(scope="session")
def databases(request: pytest.FixtureRequest) -> Iterator[Databases]:
    """Makes databases; most tests want `database_url` or `session`."""
    databases = Databases(request.config.stash[RUN])
    yield databases
    databases.close()


@pytest.fixture
def database_url(request: pytest.FixtureRequest, databases: Databases, database_kind: str) -> str:
    """The address of a migrated, empty database; the test runs once per kind.

    Where all that the test does is done in a `session`, which is rolled back, it is not even emptied.
    """
    if "session" in request.fixturenames and not {"writing", "live_server"} & set(request.fixturenames):
        return databases.kept(database_kind)
    return databases.shared(database_kind)


@pytest.fixture(scope="session")
def sites() -> Iterator[dict[tuple[object, ...], Flask]]:
    """The sites that tests of one process share, by database and settings."""
    sites: dict[tuple[object, ...], Flask] = {}
    yield sites
    _forget(sites)


def _forget(sites: dict[tuple[object, ...], Flask]) -> None:
    for app in sites.values():
        with app.app_context():
            close_connections()
    sites.clear()


@pytest.fixture
def make_app(
    sites: dict[tuple[object, ...], Flask], databases: Databases, database_url: str, tmp_path: Path
) -> Iterator[Callable[..., Flask]]:
    """`make_app(rate_limits=True, …)`: a site of its own with other settings, on the test's database."""
    made: list[Flask] = []

    def make(**changes: object) -> Flask:
        url = str(changes.pop("database_url", database_url))
        made.append(databases.site(url, tmp_path / "instance", **changes))
        return made[-1]

    yield make
    for app in made:
        with app.app_context():
            close_connections()
        if app.extensions["dofc_events"].rate_limits:
            # Request limits belong to the site that was made last, whichever is asked.
            _forget(sites)


@pytest.fixture
def shared_app(
    sites: dict[tuple[object, ...], Flask], databases: Databases, database_url: str
) -> Iterator[Callable[..., Flask]]:
    """`shared_app(mail_server="127.0.0.1")`: like `make_app`, but the same one for all tests that ask alike.

    The databases of tests that follow each other have one address. To connect to it and to prepare all templates and
    queries anew would take longer than most tests do. What a test leaves in the directory is removed, but for the
    static files.
    """
    instance = databases.run / f"instance-{os.getpid()}"

    def share(**changes: object) -> Flask:
        key = database_url, *sorted(changes.items())
        if key not in sites:
            sites[key] = databases.site(database_url, instance, **changes)
        return sites[key]

    yield share
    if "postgresql" in database_url:
        # Some tests end them on the server, or count what one of them has prepared.
        for (url, *_), app in sites.items():
            if url == database_url:
                with app.app_context():
                    close_connections()
    for left in instance.glob("*"):
        if left.is_file():
            left.unlink()
        elif left.name != "assets":
            shutil.rmtree(left)


@pytest.fixture
def app(shared_app: Callable[..., Flask]) -> Flask:
    """The site, without rate limits and without an email server: messages are kept."""
    return shared_app()


@pytest.fixture
def with_mail_server(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From its call on, messages are queued, and views know it; templates were told when the site was made."""
    configured = replace(app.extensions["dofc_events"], mail_server="127.0.0.1")
    return lambda: monkeypatch.setitem(app.extensions, "dofc_events", configured)


@pytest.fixture
def tick(app: Flask) -> Callable[..., None]:
    """`tick(moment)`: one round of the worker, without the delivery."""

    def tick(moment: datetime = NOW) -> None:
        with app.app_context():
            run_timers(moment)

    return tick


@pytest.fixture
def session(app: Flask) -> Iterator[Session]:
    """A session inside one unit of work, for tests of services; nothing is committed. Not together with `client`."""
    with app.app_context():
        try:
            with unit_of_work() as session:
                yield session
                raise _NotCommitted
        except _NotCommitted:
            pass


class _NotCommitted(Exception):
    """Ends the session's unit of work."""


Door = Callable[[], AbstractContextManager[Session]]


@pytest.fixture
def writing(app: Flask) -> Door:
    """`with writing() as session: …` is one unit of work that is committed, as an entry point would do it."""

    @contextmanager
    def door() -> Iterator[Session]:
        with app.app_context(), unit_of_work() as session:
            yield session

    return door


@pytest.fixture
def reading(app: Flask) -> Door:
    """`with reading() as session: …` is one read-only transaction, as a GET would open it."""

    @contextmanager
    def door() -> Iterator[Session]:
        with app.app_context():
            yield db.session()

    return door


@pytest.fixture
def client(app: Flask, request: pytest.FixtureRequest) -> Client:
    """A visitor's browser, without JavaScript. Prepare data with `writing()`: `session` would hold SQLite's lock."""
    assert "session" not in request.fixturenames, "use writing() and reading() beside client, not session"
    return Client(app, base_url=app.extensions["dofc_events"].base_url)


@pytest.fixture
def sign_in(app, writing):
    """`sign_in(account)`: the browser of that account, for as long as a session lasts on the test's clock."""

    def sign_in(account: Account) -> Client:
        with writing() as session:
            use_link(session, issue_sign_in_link(session, account.id, now()), now())
        return Client(app, base_url="http://dofc.test").sign_in(account)

    return sign_in


@pytest.fixture
def make_smtp(tmp_path: Path) -> Iterator[Callable[..., MailServer]]:
    """`make_smtp(tls="starttls", login=("name", "password"))`: another mail server, running."""
    servers: list[MailServer] = []

    def make(**options) -> MailServer:
        server = MailServer(tmp_path, **options)
        server.start()
        servers.append(server)
        return server

    yield make
    for server in servers:
        server.stop()


@pytest.fixture
def smtp(make_smtp: Callable[..., MailServer]) -> MailServer:
    """A running mail server that accepts everything until it is told otherwise."""
    return make_smtp()


@pytest.fixture
def live_server(databases: Databases, tmp_path: Path) -> Iterator[Callable[..., Site]]:
    """`live_server(database_url, smtp=None, workers=1, **environment)`: the site in gunicorn, answering.

    `workers=0` gives a site whose commands can be run, without gunicorn.
    """
    sites: list[Site] = []
    templates = databases.run / TEMPLATES

    def serve(database_url: str, smtp: MailServer | None = None, workers: int = 1, **environment: str) -> Site:
        logs = tmp_path / f"site-{len(sites)}"
        logs.mkdir()
        sites.append(ForkedSite(database_url, logs, smtp, COMPILED_TEMPLATES=str(templates), **environment))
        return sites[-1].serve(workers) if workers else sites[-1]

    yield serve
    for site in sites:
        site.stop()


@pytest.fixture(scope="session")
def tabs() -> Iterator[Tabs]:
    """One Chromium per process."""
    program = find_chromium()
    assert program, HOW_TO_GET_ONE
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=CHROMIUM)
        yield Tabs(browser)
        browser.close()


@pytest.fixture
def browser(tabs: Tabs, request: pytest.FixtureRequest) -> Iterator[CheckedBrowser]:
    """`browser.open(site.url, PHONE)` opens a tab that notices errors, foreign requests and pages that are too wide."""
    ARTIFACTS.mkdir(exist_ok=True)
    checked = CheckedBrowser(tabs, "".join(c if c.isalnum() else "-" for c in request.node.name))
    yield checked
    checked.close()
