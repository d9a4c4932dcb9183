"""The database: one declarative base, read-only transactions by default, one way to write.

A request reads in a read-only transaction, so that a GET cannot write even by mistake and never waits for a writer.
`unit_of_work()` is the only door to a writing transaction, and each entry point (an accepted POST, a command, a step
of the worker) opens exactly one. Delivery alone settles its messages by single statements.
"""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache, wraps
from typing import Any, ParamSpec, TypeVar, cast

import structlog
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session as _OfFlask
from sqlalchemy import (
    Connection,
    CursorResult,
    DateTime,
    Dialect,
    Engine,
    Executable,
    Insert,
    MetaData,
    Row,
    Table,
    TypeDecorator,
    func,
    insert,
    select,
)
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, make_transient_to_detached, mapped_column, registry
from sqlalchemy.orm.attributes import set_committed_value

from dofc_events.core.connecting import BUSY_TIMEOUT, begin_writing, beside, only_read, wait_for_writers
from dofc_events.core.errors import ChangedMeanwhile

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

# Of a table whose numbers stand in links, addresses or forms: that of a deleted row must never lead to another one.
# SQLite gives the highest again unless it is told not to, PostgreSQL never does.
IDS_ONCE = {"sqlite_autoincrement": True}

# How long a writer waits for another one if nobody waits for an answer, in seconds.
PATIENT_TIMEOUT = 30
# Writers who waited all that time for their turn then try this long to get the database, in seconds.
LAST_TRY = 0.5
# What tells a connection not to wait for the disk, and what tells it to wait again.
WAITING_FOR_DISK = {
    "sqlite": ("PRAGMA synchronous = NORMAL", "PRAGMA synchronous = FULL"),
    "postgresql": ("SET synchronous_commit TO OFF", "RESET synchronous_commit"),
}
# Another process that prepares the database has finished by then.
PREPARING_TIMEOUT = 300

MAX_IN_A_LIST = 1000

# PostgreSQL's deadlock_detected and serialization_failure.
CONFLICTS = ("40P01", "40001")
# What passes: no connection, no room, ended or not yet begun, a lock or an answer that takes too long, a standby.
# https://www.postgresql.org/docs/current/errcodes-appendix.html, https://www.sqlite.org/rescode.html
PASSING = ("08", "53", "57", "58", "55P03", "25006")
# A standby refuses to begin what writes as a setting that it does not support. Unlike the words, the function that says
# so is the same in every language.
STANDBY = ("0A000", "call_bool_check_hook")
PASSING_SQLITE = (
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
)
MAX_TRIES = 3

# Any number will do, as long as everyone who prepares a database uses it.
_PREPARING = select(func.pg_advisory_xact_lock(20_100_918))

P = ParamSpec("P")
R = TypeVar("R")

log = structlog.get_logger()


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment. Stored in UTC; a naive value is refused, because its meaning is unknown."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive datetime {value!r}: say which zone it is in")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    registry = registry(metadata=MetaData(naming_convention=NAMING), type_annotation_map={datetime: UtcDateTime})


class Revised:
    """A row that calendar files show. Calendars accept a version only if its number is higher, and show its date."""

    revision: Mapped[int] = mapped_column(default=0)
    revised_at: Mapped[datetime | None]

    def revise(self, now: datetime) -> None:
        """Record that what calendars show has changed, at `now`."""
        self.revision += 1
        self.revised_at = now


class NotKnownWhetherSaved(Exception):
    """The connection broke while a transaction was being committed."""


class _Session(_OfFlask):
    """A session whose unit of work has connections of its own: see `writing_engine`."""

    def get_bind(self, *what: Any, **options: Any) -> Engine | Connection:
        return self.bind or db.engine


_writing = threading.Lock()

db = SQLAlchemy(model_class=Base, session_options={"class_": _Session, "expire_on_commit": False})


WRITING = "writing"


def keep_writing_apart() -> None:
    """Give what writes connections of its own, so that the database refuses to write on all others.

    Whether a connection can write is a setting of it, and SQLite forgets all that the connection has prepared when it
    changes.
    """
    cast(dict[str | None, Engine], db.engines)[WRITING] = beside(db.engine)
    only_read(db.engine)


def writing_engine() -> Engine:
    """The engine of what writes: see `keep_writing_apart`."""
    return db.engines[WRITING]


@contextmanager
def unit_of_work(patience: int | None = None) -> Iterator[Session]:
    """One writing transaction: commits when the block ends, rolls back when it raises.

    It first ends the request's read transaction. Rows fetched before are detached and must not be written, so services
    take ids and frozen values. On SQLite it begins with write intent: a plain BEGIN that reads first and writes later
    fails at once if another writer came between, and no timeout helps.

    On PostgreSQL, locks are taken in one order (docs/architecture.md, Locks). If two transactions wait for each other
    all the same, the database ends one of them, and its entry point begins again: see `tried_again`.

    It waits `patience` seconds for other writers; by default, as long as a person waits for an answer.

    Raises NotKnownWhetherSaved.
    """
    session = db.session()
    session.close()
    session.bind = writing_engine()
    began = time.monotonic()
    with _their_turn(session):
        left = max(patience or BUSY_TIMEOUT - (time.monotonic() - began), LAST_TRY)
        try:
            connection = session.connection()
            begin_writing(connection, left)
            if patience and connection.dialect.name != "sqlite":
                connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{patience}s'")
            yield session
            _commit(session)
        finally:
            # What was not committed is rolled back; what is read next begins a new, read-only transaction.
            end_session()


@contextmanager
def _their_turn(session: Session) -> Iterator[None]:
    """Let the writers of a process go one after the other on SQLite, which by itself keeps no order.

    One that has waited too long goes on without its turn.
    """
    queues = session.get_bind().dialect.name == "sqlite"
    is_first = queues and _writing.acquire(timeout=BUSY_TIMEOUT)
    try:
        yield
    finally:
        if is_first:
            _writing.release()


@contextmanager
def room_for_others() -> Iterator[None]:
    """After one of many batches, pause for as long as it took: on SQLite nobody else could write meanwhile."""
    began = time.monotonic()
    yield
    time.sleep(time.monotonic() - began)


def take_turns(session: Session) -> None:
    """Wait until nobody else prepares this database, and hold the turn until the unit of work ends.

    On SQLite a unit of work is alone anyway.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(_PREPARING)


def _commit(session: Session) -> None:
    session.flush()
    try:
        session.commit()
    except DBAPIError as error:
        if error.connection_invalidated:
            raise NotKnownWhetherSaved from error
        raise


def end_session() -> None:
    """Close the session of this context, even if its connection is dead; it reads from then on."""
    session = db.session()
    try:
        session.close()
    except DBAPIError:
        session.invalidate()
    session.bind = None


@contextmanager
def single_statements() -> Iterator[Connection]:
    """A connection that commits each statement separately, with no transaction open in between.

    It does not wait for the disk: a power cut may undo the last writes.
    """
    with writing_engine().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        wait_for_writers(connection, PATIENT_TIMEOUT)
        hasten, wait = WAITING_FOR_DISK[connection.dialect.name]
        connection.exec_driver_sql(hasten)
        try:
            yield connection
        finally:
            if not connection.invalidated:
                connection.exec_driver_sql(wait)


def single_write(statement: Executable, values: dict[str, Any], patience: int) -> None:
    """Execute one statement in a transaction of its own, waiting at most `patience` seconds for locks."""
    with writing_engine().connect() as connection, connection.begin():
        begin_writing(connection, patience)
        if connection.dialect.name != "sqlite":
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{patience}s'")
            connection.exec_driver_sql(f"SET LOCAL statement_timeout = '{patience}s'")
        connection.execute(statement, values)


def erase_deleted(*tables: type[Base]) -> None:
    """Make rows that were deleted from these tables, and committed, vanish from the database's files, too.

    SQLite overwrites what it deletes, but its log keeps a copy until it is written back; PostgreSQL keeps deleted rows
    until the table is rewritten. Earlier copies (backups, an archive of PostgreSQL's log) are not reached.
    """
    with single_statements() as connection:
        driver = connection.connection.driver_connection
        if isinstance(driver, sqlite3.Connection):
            # Nobody can write while it waits for those who read.
            wait_for_writers(connection, BUSY_TIMEOUT)
            driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            return
        # Rewriting takes time in proportion to the table's size.
        connection.exec_driver_sql("SET statement_timeout = 0")
        for table in tables:
            connection.exec_driver_sql(f"VACUUM (FULL) {table.__tablename__}")
        connection.exec_driver_sql("RESET statement_timeout")


def insert_row(session: Session, row: Base) -> None:
    """Insert a new row at once: what `session.add` and `session.flush` do, in a fifth of the time.

    Rows that it refers to must be in the database already. Its collections are not written.
    """
    statement, columns = _insertion(type(row))
    values = {name: value for name, value in vars(row).items() if name in columns}
    result = cast(CursorResult[Any], session.execute(statement, values))
    key = cast(Row[Any], result.inserted_primary_key)
    written = {**cast(dict[str, Any], result.last_inserted_params()), **key._asdict()}
    for name in written.keys() - values.keys():
        set_committed_value(row, name, written[name])
    make_transient_to_detached(row)
    session.add(row)


def said_by(row: Base) -> tuple[Any, ...]:
    """All column values of a row, to compare: rows with equal values look alike on every page."""
    return tuple(getattr(row, column.key) for column in table_of(type(row)).columns)


def table_of(entity: type[Base]) -> Table:
    """The table of a mapped class, for statements that bypass the mapping."""
    return cast(Table, entity.__table__)


@cache
def _insertion(entity: type[Base]) -> tuple[Insert, frozenset[str]]:
    table = table_of(entity)
    return insert(table), frozenset(table.columns.keys())


def is_conflict(error: BaseException) -> bool:
    """Whether another transaction interfered, so that the same act may well succeed if tried again."""
    if isinstance(error, DBAPIError):
        return getattr(error.orig, "sqlstate", None) in CONFLICTS
    return isinstance(error, ChangedMeanwhile)


def is_passing(error: BaseException) -> bool:
    """Whether the database is away, full or busy, so that the same act may succeed in a minute."""
    if isinstance(error, PoolTimeout | NotKnownWhetherSaved) or is_away(error):
        return True
    said = getattr(error, "orig", None)
    if isinstance(said, sqlite3.Error):
        return getattr(said, "sqlite_errorcode", 0) & 0xFF in PASSING_SQLITE
    sqlstate = str(getattr(said, "sqlstate", ""))
    return sqlstate.startswith(PASSING) or (sqlstate, _said_in(said)) == STANDBY


def _said_in(error: Any) -> str | None:
    """The function of PostgreSQL's source that raised the error, or None."""
    return getattr(getattr(error, "diag", None), "source_function", None)


def is_away(error: BaseException) -> bool:
    """Whether the database cannot be reached: it refused the connection, or broke it."""
    if not isinstance(error, DBAPIError):
        return False
    # psycopg's errors have no SQLSTATE where no server answered; SQLite's never have the attribute.
    unanswered = getattr(error.orig, "sqlstate", "of a statement") is None
    return error.connection_invalidated or (unanswered and isinstance(error, OperationalError | InterfaceError))


def tried_again(act: Callable[P, R], *, between: Callable[[], object] = lambda: None) -> Callable[P, R]:
    """`act`, an entry point with its whole unit of work, which begins again after a conflict.

    It also begins again if the connection broke before the commit. It is tried at most MAX_TRIES times, each time from
    nothing, as failed tries are rolled back. `between` is called before each further try.
    """

    @wraps(act)
    def insistent(*args: P.args, **kwargs: P.kwargs) -> R:
        for _ in range(MAX_TRIES - 1):
            try:
                return act(*args, **kwargs)
            except (DBAPIError, ChangedMeanwhile) as error:
                if not is_conflict(error) and not getattr(error, "connection_invalidated", False):
                    raise
                log.warning("begun_anew", act=act.__qualname__, error=repr(getattr(error, "orig", error)))
                end_session()
                between()
        return act(*args, **kwargs)

    return insistent


def in_pieces(ids: Iterable[R]) -> Iterator[list[R]]:
    """Split ids, or other values, into lists short enough for one statement: databases limit its parameters."""
    everything = list(ids)
    for first in range(0, len(everything), MAX_IN_A_LIST):
        yield everything[first : first + MAX_IN_A_LIST]
