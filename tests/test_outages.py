"""A database that is busy with somebody else, or gone for a moment: what visitors see meanwhile, and what is saved."""

import contextlib
import os
import resource
import signal
import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import RemoteDisconnected

import psutil
import psycopg
import pytest
from sqlalchemy import create_engine, event, func, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from dofc_events.commands.check import faults
from dofc_events.core import connecting
from dofc_events.core.clock import now
from dofc_events.core.db import db, is_passing, writing_engine
from dofc_events.delegates.models import Registration
from tests.races.visitors import registration_form, send
from tests.support.factories import make_edition
from tests.support.line import Line
from tests.support.network import NetworkClient
from tests.support.pages import Client, Page

# More than there are threads in a process of gunicorn's for what is sent.
WRITERS = 5
PROMISED = 2
REFUSE = """
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN %s; END $$;
    CREATE TRIGGER refuse BEFORE INSERT ON registrations EXECUTE FUNCTION refuse()"""


@contextlib.contextmanager
def somebody_holds_the_place(url: str) -> Iterator[None]:
    """Another program that has begun to write, and forgets to end it."""
    if url.startswith("sqlite"):
        with contextlib.closing(sqlite3.connect(make_url(url).database)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
        return
    engine = create_engine(url)
    with engine.connect() as other:
        other.execute(text("SELECT * FROM pools FOR UPDATE"))
        yield
    engine.dispose()


def visit(client: NetworkClient, path: str) -> tuple[int, float]:
    began = time.perf_counter()
    return client.get(path, checked=False).status, time.perf_counter() - began


def gives_everything_back(page: Page) -> bool:
    """Whether nothing was done for the time being, and what was typed is on the page."""
    return page.status == 503 and page.headers["Retry-After"] == "30" and "Trakya Cluster" in page.html


def registered(session: Session) -> list[str]:
    """Who is. Each was told, and everything adds up."""
    assert faults(session) == []
    return sorted(session.scalars(select(Registration.email)))


def test_a_database_that_is_busy_keeps_no_page_back_and_loses_no_answer(live_server, database_url, writing, reading):
    with writing() as session:
        year = make_edition(session, now=now()).year
    site = live_server(database_url)
    forms = [registration_form(NetworkClient(site.url), year, f"p{n}@dofc.test") for n in range(WRITERS)]
    with ThreadPoolExecutor(WRITERS) as people:
        with somebody_holds_the_place(database_url):
            waiting = [people.submit(send, form) for form in forms]
            time.sleep(0.5)
            visits = [visit(NetworkClient(site.url), path) for path in ("/", f"/editions/{year}/register")]
            assert all(status == 200 and seconds < PROMISED for status, seconds in visits)
            pages = [answer.result() for answer in waiting]
        for page in pages:
            assert page.status == 503 and page.headers["Retry-After"] == "30"
            assert "send it again in a minute" in page.one(".error-summary").get_text(" ")
            assert page.form().values["organisation"] == ["Trakya Cluster"]
        assert send(pages[0].form()).status == 303
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(Registration)) == 1
    log = site.server.log.read_text()
    assert log.count("database_unavailable") == WRITERS and "Traceback" not in log


@pytest.mark.databases("postgresql")
def test_a_connection_that_breaks_in_the_middle_is_not_noticed(live_server, database_url, writing, reading):
    with writing() as session:
        year = make_edition(session, now=now()).year
    site = live_server(database_url)
    form = registration_form(NetworkClient(site.url), year, "person@dofc.test")
    ends = text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    engine = create_engine(database_url)
    with ThreadPoolExecutor() as people, engine.connect() as administrator:
        with somebody_holds_the_place(database_url):
            answer = people.submit(send, form)
            until = time.monotonic() + 10
            while not administrator.execute(ends).all() and time.monotonic() < until:
                time.sleep(0.02)
        assert answer.result().status == 303
    engine.dispose()
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(Registration)) == 1


@pytest.mark.databases("postgresql")
def test_a_server_that_was_restarted_meanwhile_is_not_noticed(live_server, database_url, writing):
    with writing() as session:
        year = make_edition(session, now=now()).year
    site = live_server(database_url)
    client = NetworkClient(site.url)
    all_of_them = text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    engine = create_engine(database_url)
    form = registration_form(client, year, "person@dofc.test")
    for act in (lambda: client.get("/").status == 200, lambda: send(form).status == 303):
        with engine.connect() as administrator:
            assert administrator.execute(all_of_them).all()
        assert act()
    engine.dispose()


@pytest.mark.databases("postgresql")
def test_where_nobody_knows_whether_it_was_saved_the_page_says_so(app, client, writing, database_url):
    with writing() as session:
        year = make_edition(session).year
    form = registration_form(client, year, "person@dofc.test")
    engine = create_engine(database_url)

    def breaks(connection) -> None:
        pid = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
        with engine.connect() as administrator:
            administrator.execute(select(func.pg_terminate_backend(pid)))

    with app.app_context():
        event.listen(writing_engine(), "commit", breaks, once=True)
    page = send(form)
    engine.dispose()
    assert page.status == 503 and "don’t know whether this was saved" in page.text
    assert "person@dofc.test" in page.one("[data-typed]").get_text()


# The last one is something that PostgreSQL cannot do, and never will for being asked again.
@pytest.mark.parametrize("statement", ["SELECT pg_sleep(5)", "SELECT 1/0", "SELECT count(*) FOR UPDATE"])
@pytest.mark.databases("postgresql")
def test_what_takes_too_long_passes_and_what_is_wrong_does_not(app, statement):
    with app.app_context(), db.engine.connect() as connection:
        connection.exec_driver_sql("SET statement_timeout = 50")
        with pytest.raises(DBAPIError) as failed:
            connection.exec_driver_sql(statement)
        assert is_passing(failed.value) == ("pg_sleep" in statement)


@pytest.mark.databases("postgresql")
def test_no_connection_waits_for_ever(app):
    with app.app_context(), db.engine.connect() as connection:
        said = {name: connection.exec_driver_sql(f"SHOW {name}").scalar_one() for name in connecting.PG_LIMITS}
        used = connection.connection.driver_connection.info.get_parameters()
    # Before there is a connection, and where the network keeps it.
    limits = {"connect_timeout": "5", "tcp_user_timeout": "10000", "keepalives_idle": "10", "keepalives_interval": "5"}
    assert limits.items() <= used.items()
    assert said == {"lock_timeout": "5s", "statement_timeout": "30s", "idle_in_transaction_session_timeout": "1min"}


@pytest.mark.databases("postgresql")
def test_a_connection_that_breaks_once_the_page_is_made_costs_nobody_the_page(make_app, database_url):
    app = make_app()

    @app.get("/last-moment")  # type: ignore[untyped-decorator]
    def last_moment() -> str:
        session = db.session()
        me = session.scalar(text("SELECT pg_backend_pid()"))
        with psycopg.connect(make_url(database_url).set(drivername="postgresql").render_as_string(False)) as other:
            other.execute("SELECT pg_terminate_backend(%s)", [me])
        return "made"

    assert app.test_client().get("/last-moment").text == "made"
    assert app.test_client().get("/").status_code == 200


@pytest.mark.databases("postgresql")
def test_a_database_that_is_frozen_keeps_nobody_and_loses_no_answer(
    make_app, database_url, writing, reading, monkeypatch
):
    """Its machine answers, and keeps the connections; one visitor notices it, the others are told at once."""
    monkeypatch.setattr(connecting, "SILENCE", 0.5)
    with writing() as session:
        year = make_edition(session, now=now()).year
    with Line(database_url) as line:
        site = make_app(database_url=line.url)
        client = Client(site)
        form = registration_form(client, year, "person@dofc.test")
        with line.frozen():
            began = time.monotonic()
            assert gives_everything_back(send(form))
            assert time.monotonic() - began < connecting.SILENCE + connecting.LOOKING + 1
            began = time.monotonic()
            assert client.get("/", checked=False).status == 503
            assert time.monotonic() - began < 0.5
        until = time.monotonic() + 10
        while (page := send(form)).status == 503 and time.monotonic() < until:
            time.sleep(0.1)
        assert page.status == 303
    with reading() as session:
        assert registered(session) == ["person@dofc.test"]


@pytest.mark.databases("postgresql")
def test_a_database_that_is_slow_is_not_taken_for_gone(app, monkeypatch):
    monkeypatch.setattr(connecting, "SILENCE", 0.2)
    with app.app_context(), db.engine.connect() as connection:
        before = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
        assert connection.exec_driver_sql("SELECT pg_backend_pid() FROM pg_sleep(0.7)").scalar_one() == before


@pytest.mark.databases("postgresql")
def test_lines_that_are_cut_in_the_middle_are_not_noticed(live_server, database_url, writing, reading):
    with writing() as session:
        year = make_edition(session, now=now()).year
    emails = [f"p{n}@dofc.test" for n in range(WRITERS)]
    with Line(database_url) as line, ThreadPoolExecutor(WRITERS) as people:
        site = live_server(line.url)
        forms = [registration_form(NetworkClient(site.url), year, email) for email in emails]
        with somebody_holds_the_place(database_url):
            answers = [people.submit(send, form) for form in forms]
            time.sleep(0.5)
            assert line.cut() >= WRITERS - 1
        assert {answer.result().status for answer in answers} == {303}
    with reading() as session:
        assert registered(session) == emails


@pytest.mark.databases("postgresql")
@pytest.mark.parametrize(
    "says",
    [
        "RAISE EXCEPTION 'no' USING ERRCODE = '53100'",
        # As a standby says it: a setting is refused as a feature that there is none of.
        "PERFORM set_config('default_with_oids', 'on', true)",
        "RAISE EXCEPTION 'no' USING ERRCODE = '25006'",
    ],
    ids=["full", "standby", "reads only"],
)
def test_a_database_that_takes_nothing_loses_no_answer(client, writing, reading, says):
    """What PostgreSQL says of a full disk, and as a standby; `python -m benchmarks outages` fills and demotes one."""
    with writing() as session:
        year = make_edition(session, now=now()).year
        session.execute(text(REFUSE % says))
    page = send(registration_form(client, year, "person@dofc.test"))
    assert gives_everything_back(page)
    with writing() as session:
        session.execute(text("DROP FUNCTION refuse CASCADE"))
    # The form itself, as it came back: what can be read is not away.
    assert send(page.form("[data-once]")).status == 303
    with reading() as session:
        assert registered(session) == ["person@dofc.test"]


@pytest.mark.databases("sqlite")
def test_a_full_disk_and_processes_killed_in_the_middle_lose_no_answer(live_server, database_url, writing, reading):
    with writing() as session:
        year = make_edition(session, now=now()).year
    site = live_server(database_url, workers=2)
    gunicorn = psutil.Process(site.server.pid)
    emails = [f"p{n}@dofc.test" for n in range(WRITERS)]
    forms = [registration_form(NetworkClient(site.url), year, email) for email in emails]

    # The database's log may not grow: the system itself refuses what is written.
    size = os.path.getsize(f"{make_url(database_url).database}-wal")
    for child in gunicorn.children():
        child.rlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    assert gives_everything_back(send(forms[0]))
    assert visit(NetworkClient(site.url), "/")[0] == 200
    for child in gunicorn.children():
        child.rlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert send(forms[0]).status == 303

    # Those that serve are killed while people wait, and others take their place.
    with ThreadPoolExecutor(WRITERS) as people:
        with somebody_holds_the_place(database_url):
            answers = [people.submit(send, form) for form in forms[1:]]
            time.sleep(0.5)
            for child in gunicorn.children():
                child.kill()
        assert {type(answer.exception()) for answer in answers} <= {ConnectionResetError, RemoteDisconnected}
    assert [send(form).status for form in forms] == [303] * WRITERS

    # The first process is killed alone: no other serves on, and the port is free.
    children = gunicorn.children()
    os.kill(gunicorn.pid, signal.SIGKILL)
    assert psutil.wait_procs(children, timeout=10)[1] == []
    site.serve(workers=2)
    assert [send(form).status for form in forms] == [303] * WRITERS
    with reading() as session:
        assert registered(session) == emails
