"""Connects to the database, begins its transactions, and notices when it has gone.

A PostgreSQL server that is frozen, or whose disk hangs, keeps its connections open and stays silent. Neither its own
time limits nor the network's end such a connection, because its machine still answers.
"""

import sqlite3
import time
from collections.abc import Generator, Sequence
from copy import copy
from functools import cached_property
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus
from psycopg.waiting import Ready
from sqlalchemy import Connection, Dialect, Engine, event
from sqlalchemy.engine import make_url

# How long a writer waits for another one, in seconds.
BUSY_TIMEOUT = 5

# PostgreSQL's settings for each connection: nothing waits for ever for a lock, an answer, or a client that has gone.
PG_LIMITS = {
    "lock_timeout": f"{BUSY_TIMEOUT}s",
    "statement_timeout": "30s",
    "idle_in_transaction_session_timeout": "60s",
}
CONNECTING = {"connect_timeout": 5, "tcp_user_timeout": 10_000, "keepalives_idle": 10, "keepalives_interval": 5}

# In seconds. After this much silence another connection asks whether the server is there: a statement may well take
# longer.
SILENCE = BUSY_TIMEOUT + 1
LOOKING = 2
# While a server is silent, one thread at a time tries it again; the others fail at once.
LOOK_AGAIN_AFTER = 1

# When each silent server may be tried again.
_away: dict[tuple[Any, Any], float] = {}


def engine_options(database_url: str) -> dict[str, Any]:
    """Options for SQLAlchemy's engine. Connections are read-only, except within `unit_of_work`."""
    # People's answers do not belong in logs, where errors would put them.
    options: dict[str, Any] = {"hide_parameters": True}
    if database_url.startswith("sqlite"):
        return options | {"connect_args": {"timeout": BUSY_TIMEOUT}}
    # Options in the database's address win.
    said = str(make_url(database_url).query.get("options", ""))
    limits = " ".join([*(f"-c {name}={value}" for name, value in PG_LIMITS.items()), said])
    return options | {
        # A connection that broke while it was idle is noticed at its next use: see `tried_again`.
        "execution_options": {"postgresql_readonly": True},
        "connect_args": CONNECTING | {"options": limits.strip()},
    }


def beside(engine: Engine) -> Engine:
    """The same engine, with all the statements that it has prepared, on connections of its own."""
    other = copy(engine)
    other.pool = engine.pool.recreate()
    return other


class _Columns(Sequence[psycopg.Column]):
    """What a cursor says of its columns, once somebody looks: SQLAlchemy mostly asks only whether there are any."""

    def __init__(self, cursor: psycopg.Cursor[Any]) -> None:
        self._cursor = cursor

    @cached_property
    def _all(self) -> Sequence[psycopg.Column]:
        return psycopg.Cursor.description.__get__(self._cursor) or ()

    def __getitem__(self, index: Any) -> Any:
        return self._all[index]

    def __len__(self) -> int:
        return self._cursor.pgresult.nfields if self._cursor.pgresult else 0


class _Cursor(psycopg.Cursor[Any]):
    @property
    def description(self) -> _Columns | None:  # type: ignore[override]
        columns = _Columns(self)
        return columns if len(columns) else None


class WatchfulConnection(psycopg.Connection[Any]):
    """A connection that gives up on a silent server: it closes, and raises OperationalError.

    It waits as long as the server still answers on another connection.
    """

    _how: dict[str, Any]

    def wait(self, gen: Any, *args: Any, **options: Any) -> Any:
        return super().wait(self._watched(gen), *args, **options)

    def rollback(self) -> None:
        """End the transaction. One that only read has nothing to undo, and is committed.

        psycopg forgets its prepared statements with every rollback, and would have to prepare them again.
        """
        if self.read_only and self.info.transaction_status == TransactionStatus.INTRANS:
            self.commit()
        else:
            super().rollback()

    def _watched(self, gen: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
        heard_at = time.monotonic()
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted
                if ready != Ready.NONE:
                    heard_at = time.monotonic()
                elif time.monotonic() - heard_at > SILENCE:
                    self._look()
                    heard_at = time.monotonic()
                wanted = gen.send(ready)
        except StopIteration as done:
            return done.value

    def _look(self) -> None:
        try:
            connect(self._how | {"connect_timeout": LOOKING}).close()
        except psycopg.OperationalError as error:
            if error.sqlstate is None:
                self.close()
                raise


def connect(how: dict[str, Any]) -> WatchfulConnection:
    """Connect to PostgreSQL with these parameters.

    Raises OperationalError if that fails, and at once if the server was silent a moment ago.
    """
    server = how.get("host"), how.get("port")
    begun = time.monotonic()
    if begun < _away.get(server, begun):
        raise psycopg.OperationalError("the server did not answer a moment ago")
    if server in _away:
        _away[server] = begun + int(how.get("connect_timeout", LOOKING)) + LOOK_AGAIN_AFTER
    try:
        connection = WatchfulConnection.connect(**how, cursor_factory=_Cursor)
    except psycopg.OperationalError as error:
        # A server that refuses at once costs no time.
        if error.sqlstate is None and time.monotonic() - begun > LOOK_AGAIN_AFTER:
            _away[server] = time.monotonic() + LOOK_AGAIN_AFTER
        raise
    _away.pop(server, None)
    connection._how = how
    return connection


@event.listens_for(Engine, "do_connect")
def _connect(dialect: Dialect, record: object, args: list[Any], how: dict[str, Any]) -> WatchfulConnection | None:
    return None if dialect.name == "sqlite" else connect(how)


@event.listens_for(Engine, "connect")
def _prepare_sqlite(connection: Any, record: Any) -> None:
    if not isinstance(connection, sqlite3.Connection):
        return
    # We send BEGIN ourselves, below.
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA foreign_keys = ON")
    # Deleted content is overwritten, not only unlinked: see `db.erase_deleted`.
    connection.execute("PRAGMA secure_delete = ON")


@event.listens_for(Engine, "begin")
def _begin(connection: Connection) -> None:
    options = connection.get_execution_options()
    writes, alone = options.get("writes", False), options.get("isolation_level") == "AUTOCOMMIT"
    if connection.dialect.name != "sqlite":
        if alone:
            connection.exec_driver_sql("SET synchronous_commit TO OFF")
        return
    # Not through SQLAlchemy, which takes longer for it than SQLite: every transaction begins here.
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    if connection.info.get("writes") != writes:
        driver.execute(f"PRAGMA query_only = {'OFF' if writes else 'ON'}")
        connection.info["writes"] = writes
    if writes:
        driver.execute(f"PRAGMA synchronous = {'NORMAL' if alone else 'FULL'}")
        driver.execute(f"PRAGMA busy_timeout = {int(1000 * options.get('patience', BUSY_TIMEOUT))}")
    if not alone:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
