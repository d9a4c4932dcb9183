"""The database: one declarative base, read-only transactions by default, one way to write.

A request reads in a read-only transaction, so that a GET cannot write even by mistake and never waits for a writer.
`unit_of_work()` is the only door to a writing transaction, and each entry point (an accepted POST, a command, a step
of the worker) opens exactly one. Delivery alone settles its messages by single statements.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache, wraps
from typing import Any, ParamSpec, TypeVar, cast

import structlog
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    Connection,
    CursorResult,
    DateTime,
    Dialect,
    Engine,
    Insert,
    MetaData,
    Row,
    Table,
    TypeDecorator,
    event,
    insert,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, make_transient_to_detached, mapped_column, registry
from sqlalchemy.orm.attributes import set_committed_value

from dofc_events.core.errors import ChangedMeanwhile

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

# How long a writer waits for another one on SQLite before it gives up, in seconds.
BUSY_TIMEOUT = 30

MAX_IN_A_LIST = 1000

# Stands in a statement that PostgreSQL must not plan without its values: what is rare and what is frequent is found in
# different ways, and of a statement that comes again it would make one plan for all.
PLANNED_WITH_VALUES = "/* planned with its values */"

# PostgreSQL's deadlock_detected and serialization_failure.
CONFLICTS = ("40P01", "40001")
MAX_TRIES = 3

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
    """What calendars show: they accept a new version only if its number has grown, and show when it was revised."""

    revision: Mapped[int] = mapped_column(default=0)
    revised_at: Mapped[datetime | None]

    def revise(self, now: datetime) -> None:
        """Note that what calendars show of it has changed."""
        self.revision += 1
        self.revised_at = now


db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})


@contextmanager
def unit_of_work() -> Iterator[Session]:
    """One writing transaction: commits when the block ends, rolls back when it raises.

    It first ends the request's read transaction (rows fetched before are detached and must not be written), hence
    services take ids and frozen values. On SQLite it begins with write intent: a plain BEGIN that reads first and
    writes later fails at once when another writer came between, and no timeout helps.

    On PostgreSQL its locks are taken in one order (docs/architecture.md, Locks). Should two ever wait for each other
    after all, one of them is ended, and tried again by its entry point: see `tried_again`.
    """
    session = db.session()
    session.close()
    session.connection(execution_options={"writes": True, "postgresql_readonly": False})
    try:
        yield session
        session.commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        # What is read next begins a new, read-only transaction.
        session.close()


@contextmanager
def single_statements() -> Iterator[Connection]:
    """A connection on which each statement is committed separately, with no transaction open in between.

    It does not wait for the disk: a power cut may undo the last writes.
    """
    options = {"writes": True, "isolation_level": "AUTOCOMMIT", "postgresql_readonly": False}
    with db.engine.connect().execution_options(**options) as connection:
        try:
            yield connection
        finally:
            if connection.dialect.name != "sqlite" and not connection.invalidated:
                connection.exec_driver_sql("RESET synchronous_commit")


def erase_deleted(*tables: type[Base]) -> None:
    """Let what was deleted from these tables, and committed, vanish from the database's own files too.

    SQLite overwrites what it deletes, but its log keeps it until it is written back; PostgreSQL keeps it until the
    table is written anew. What was copied before (backups, an archive of PostgreSQL's log) is not reached.
    """
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        driver = connection.connection.driver_connection
        if isinstance(driver, sqlite3.Connection):
            driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            return
        for table in tables:
            connection.exec_driver_sql(f"VACUUM (FULL) {table.__tablename__}")


def insert_row(session: Session, row: Base) -> None:
    """Insert a new row at once: `session.add` and `session.flush` for this row alone, in a fifth of the time.

    What it refers to must be in the database already; what refers to it is not written.
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
    """All column values of a row: rows with the same values are shown alike."""
    return tuple(getattr(row, column.key) for column in table_of(type(row)).columns)


def table_of(entity: type[Base]) -> Table:
    """The table of an entity, for statements that bypass its mapping."""
    return cast(Table, entity.__table__)


@cache
def _insertion(entity: type[Base]) -> tuple[Insert, frozenset[str]]:
    table = table_of(entity)
    return insert(table), frozenset(table.columns.keys())


def engine_options(database_url: str) -> dict[str, Any]:
    """Options for the engine: every connection is read-only unless `unit_of_work` says otherwise."""
    # People's answers do not belong in logs, where errors would put them.
    options: dict[str, Any] = {"hide_parameters": True}
    if database_url.startswith("sqlite"):
        return options | {"connect_args": {"timeout": BUSY_TIMEOUT}}
    return options | {"execution_options": {"postgresql_readonly": True}, "pool_pre_ping": True}


def is_conflict(error: BaseException) -> bool:
    """Whether another transaction interfered: tried again, this one may well succeed."""
    if isinstance(error, DBAPIError):
        return getattr(error.orig, "sqlstate", None) in CONFLICTS
    return isinstance(error, ChangedMeanwhile)


def tried_again(act: Callable[P, R], *, between: Callable[[], object] = lambda: None) -> Callable[P, R]:
    """What does as `act`, an entry point whose whole unit of work is in it, and begins anew after a conflict.

    At most MAX_TRIES times; what the tries before wrote was rolled back. `between` is called before each further one.
    """

    @wraps(act)
    def insistent(*args: P.args, **kwargs: P.kwargs) -> R:
        for _ in range(MAX_TRIES - 1):
            try:
                return act(*args, **kwargs)
            except (DBAPIError, ChangedMeanwhile) as error:
                if not is_conflict(error):
                    raise
                log.warning("begun_anew", act=act.__qualname__, error=repr(getattr(error, "orig", error)))
                between()
        return act(*args, **kwargs)

    return insistent


def in_pieces(ids: Iterable[int]) -> Iterator[list[int]]:
    """The ids in lists that one statement takes: its parameters are counted."""
    everything = list(ids)
    for first in range(0, len(everything), MAX_IN_A_LIST):
        yield everything[first : first + MAX_IN_A_LIST]


@event.listens_for(Engine, "connect")
def _prepare_sqlite(connection: Any, record: Any) -> None:
    if not isinstance(connection, sqlite3.Connection):
        return
    # We send BEGIN ourselves, below.
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA foreign_keys = ON")
    # Deleted content is overwritten, not only unlinked: see `erase_deleted`.
    connection.execute("PRAGMA secure_delete = ON")


@event.listens_for(Engine, "do_execute")
def _plan_with_values(cursor: Any, statement: str, parameters: Any, context: Any) -> bool:
    """Whether it was done here. A cursor on the server's side is never prepared."""
    if PLANNED_WITH_VALUES not in statement or context.dialect.name == "sqlite" or context._is_server_side:
        return False
    cursor.execute(statement, parameters, prepare=False)
    return True


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
    driver.execute(f"PRAGMA query_only = {'OFF' if writes else 'ON'}")
    if writes:
        driver.execute(f"PRAGMA synchronous = {'NORMAL' if alone else 'FULL'}")
    if not alone:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
