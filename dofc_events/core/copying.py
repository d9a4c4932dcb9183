"""Copies one database to another, row by row, of either kind and any size."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, Table, create_engine, func, insert, inspect, select
from sqlalchemy.exc import ArgumentError, DBAPIError

from dofc_events.config import ROOT
from dofc_events.core.connecting import begin_writing, engine_options
from dofc_events.core.db import Base
from dofc_events.core.errors import in_one_line
from dofc_events.core.estimates import count_in
from dofc_events.core.schema import newest_revision, revision_of

ROWS = 500
# Keeps a sum of hashes as long as one hash.
_MODULUS = 2**256


class CannotCopy(Exception):
    """The database was not copied, and nothing was kept. The message tells an operator why."""


@dataclass
class Contents:
    """The rows of one table: their number, and a checksum that does not depend on their order."""

    rows: int = 0
    total: int = 0

    def add(self, row: Sequence[Any]) -> None:
        self.rows += 1
        hashed = sha256(repr(tuple(row)).encode()).digest()
        self.total = (self.total + int.from_bytes(hashed, "big")) % _MODULUS


@contextmanager
def engine_for(url: str) -> Iterator[Engine]:
    """An engine for this address. Raises CannotCopy if it cannot be used."""
    try:
        engine = create_engine(url, **engine_options(url))
    except (ArgumentError, ImportError) as error:
        raise CannotCopy(f"This is no address of a database that we can use: {error}") from error
    try:
        yield engine
    finally:
        engine.dispose()


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """A connection that sees everything as it was at one moment, whatever is written meanwhile."""
    with engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            # Within a transaction or not.
            connection.exec_driver_sql("SAVEPOINT moment")
        else:
            connection = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            for limit in ("statement_timeout", "idle_in_transaction_session_timeout"):
                connection.exec_driver_sql(f"SET LOCAL {limit} = 0")
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A connection with one transaction, committed at the end or not at all."""
    with engine.connect() as connection, connection.begin():
        begin_writing(connection)
        yield connection


def copy_all(source: Connection, target: Connection) -> dict[str, Contents]:
    """Copy all our rows into an empty database; returns what was copied, by table. Raises CannotCopy.

    A target without tables gets them first.
    """
    _refuse_revision(source, "database")
    _prepare(target)
    if target.dialect.name == "sqlite":
        target.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
    copied = {table.name: _copy_table(table, source, target) for table in Base.metadata.sorted_tables}
    count_in(target)
    return copied


def contents_of(connection: Connection) -> dict[str, Contents]:
    """What each table holds, to compare two databases."""
    found = {}
    for table in Base.metadata.sorted_tables:
        found[table.name] = Contents()
        for rows in _rows_of(connection, table):
            for row in rows:
                found[table.name].add(row)
    return found


def refuse_difference(copied: dict[str, Contents], found: dict[str, Contents]) -> None:
    """Raise CannotCopy unless the target holds exactly what was copied."""
    differing = [name for name in copied if copied[name] != found[name]]
    if differing:
        raise CannotCopy(f"What was written is not what was read, in: {', '.join(differing)}.")


def _copy_table(table: Table, source: Connection, target: Connection) -> Contents:
    copied = Contents()
    for rows in _rows_of(source, table):
        for row in rows:
            copied.add(row)
        try:
            target.execute(insert(table), [row._asdict() for row in rows])
        except DBAPIError as error:
            # PostgreSQL enforces lengths that SQLite ignores.
            raise CannotCopy(f"The target does not take a row of {table.name}: {in_one_line(error)}") from error
    counted = table.autoincrement_column
    if copied.rows and counted is not None and target.dialect.name == "postgresql":
        target.execute(
            select(
                func.setval(
                    func.pg_get_serial_sequence(table.name, counted.name), select(func.max(counted)).scalar_subquery()
                )
            )
        )
    return copied


def _rows_of(connection: Connection, table: Table) -> Iterator[Sequence[Any]]:
    return connection.execute(select(table), execution_options={"yield_per": ROWS}).partitions()


def _prepare(target: Connection) -> None:
    if not inspect(target).get_table_names():
        Base.metadata.create_all(target)
        MigrationContext.configure(target).stamp(ScriptDirectory(str(ROOT / "migrations")), newest_revision())
        return
    _refuse_revision(target, "target")
    filled = [table.name for table in Base.metadata.sorted_tables if target.execute(select(table).limit(1)).first()]
    if filled:
        raise CannotCopy(f"The target is not empty: there are rows in {', '.join(filled)}. Take an empty database.")


def _refuse_revision(connection: Connection, called: str) -> None:
    revision = revision_of(connection)
    if revision != newest_revision():
        raise CannotCopy(
            f"The {called} is at revision {revision}, and this version of the site wants {newest_revision()}."
            " Run flask db upgrade for it first."
        )
