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
from sqlalchemy import Connection, Dialect, Engine, Result, Select, event
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

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
    """Options for SQLAlchemy's engine."""
    # People's answers do not belong in logs, where errors would put them. And the connection that was used last is used
    # next: it has prepared what is asked most.
    options: dict[str, Any] = {"hide_parameters": True, "pool_use_lifo": True}
    if database_url.startswith("sqlite"):
        return options | {"connect_args": {"timeout": BUSY_TIMEOUT}}
    # Options in the database's address win.
    said = str(make_url(database_url).query.get("options", ""))
    limits = " ".join([*(f"-c {name}={value}" for name, value in PG_LIMITS.items()), said])
    # A connection that broke while it was idle is noticed at its next use: see `tried_again`.
    return options | {"connect_args": CONNECTING | {"options": limits.strip()}}


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
        """End the transaction, if there is one. One that only read has nothing to undo, and is committed.

        psycopg forgets its prepared statements with every rollback, and would have to prepare them again.
        """
        if self.autocommit and self.pgconn.transaction_status == TransactionStatus.INTRANS:
            self.commit()
        elif self.pgconn.transaction_status != TransactionStatus.IDLE:
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


def only_read(engine: Engine) -> None:
    """Let the database refuse what writes on this engine's connections, which then read in two ways.

    On SQLite all that is read until a connection is given back is of one moment. On PostgreSQL each statement sees what
    was committed before it, within a transaction as well: to begin and to end one would only cost two more questions.
    """
    event.listen(engine, "connect", _prepare_reading)
    event.listen(engine, "checkout", _begin_reading)


def _prepare_reading(connection: WatchfulConnection | sqlite3.Connection, record: object) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA query_only = ON")
        return
    connection.autocommit = True
    connection.execute("SET default_transaction_read_only = on")


def _begin_reading(connection: WatchfulConnection | sqlite3.Connection, *pooled: object) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.execute("BEGIN")


def begin_writing(connection: Connection, patience: float = BUSY_TIMEOUT) -> None:
    """Begin a transaction that writes, before anything else is executed, and wait `patience` seconds for other writers.

    On PostgreSQL any statement begins one, and waits as the connection was told to.
    """
    if connection.dialect.name == "sqlite":
        wait_for_writers(connection, patience)
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def wait_for_writers(connection: Connection, patience: float) -> None:
    """From now on wait so many seconds for other writers on SQLite."""
    driver = connection.connection.driver_connection
    if isinstance(driver, sqlite3.Connection):
        driver.execute(f"PRAGMA busy_timeout = {int(1000 * patience)}")


def streamed(session: Session, query: Select[Any], rows: int) -> Result[*tuple[Any, ...]]:
    """The result of a query of which so many rows are in memory at a time; close it.

    On PostgreSQL it is a cursor of the server's, which lives in a transaction.
    """
    driver = session.connection().connection.driver_connection
    if isinstance(driver, WatchfulConnection) and driver.autocommit:
        driver.execute("BEGIN")
    return session.execute(query.execution_options(yield_per=rows))


@event.listens_for(Engine, "do_connect")
def _connect(dialect: Dialect, record: object, args: list[Any], how: dict[str, Any]) -> WatchfulConnection | None:
    return None if dialect.name == "sqlite" else connect(how)


@event.listens_for(Engine, "connect")
def _prepare_sqlite(connection: Any, record: Any) -> None:
    if not isinstance(connection, sqlite3.Connection):
        return
    # We send BEGIN ourselves.
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = FULL")
    # Deleted content is overwritten, not only unlinked: see `db.erase_deleted`.
    connection.execute("PRAGMA secure_delete = ON")
