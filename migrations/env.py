"""How migrations reach the database: through the site's own engine, all of them in one writing transaction."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from alembic.util import CommandError
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from dofc_events.core.connecting import begin_writing
from dofc_events.core.db import PREPARING_TIMEOUT, Base, UtcDateTime, is_away, writing_engine

# Of no meaning beyond being the same number for everyone who migrates.
MIGRATIONS_LOCK = 20_100_917


class MigrationError(Exception):
    """The migrated data would not hold together; nothing was changed."""


def migrate(connection: Connection) -> None:
    """Bring one database to the revision that was asked for. Either all of it happens or nothing."""
    is_sqlite = connection.dialect.name == "sqlite"
    if is_sqlite:
        # A batch migration replaces a table by a copy. With foreign keys on, dropping the old one would delete what
        # refers to it. SQLite ignores this inside a transaction, hence not through `connection`, which would begin one.
        _sqlite(connection).execute("PRAGMA foreign_keys = OFF")
    try:
        with connection.begin():
            begin_writing(connection, PREPARING_TIMEOUT)
            if not is_sqlite:
                connection.execute(text(f"SET LOCAL lock_timeout = '{PREPARING_TIMEOUT}s'"))
                # A table takes as long as it is.
                connection.execute(text("SET LOCAL statement_timeout = 0"))
                # Of two machines that start at once, the second waits and then finds nothing to do.
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATIONS_LOCK})
            context.configure(
                connection=connection,
                target_metadata=Base.metadata,
                render_as_batch=True,
                render_item=render_item,
                compare_type=True,
            )
            context.run_migrations()
            if is_sqlite:
                refuse_broken_references(connection)
    finally:
        if is_sqlite:
            _sqlite(connection).execute("PRAGMA foreign_keys = ON")


def refuse_broken_references(connection: Connection) -> None:
    """What SQLite could not check in the meantime. Raises MigrationError if a row refers to one that is not there."""
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    if broken:
        rows = ", ".join(f"{table} row {row} -> {parent}" for table, row, parent, _ in broken[:10])
        raise MigrationError(f"{len(broken)} broken references after migrating: {rows}")


def render_item(kind: str, item: Any, autogenerate: AutogenContext) -> str | Literal[False]:
    """Migrations must not depend on code that may change after them: our own types are written as what they store."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def _sqlite(connection: Connection) -> Any:
    return connection.connection.driver_connection


if context.is_offline_mode():
    raise MigrationError("Migrations need the database: some of them look at its data. Run without --sql.")

# A backup of an earlier version is migrated where it was unpacked.
engine = context.config.attributes.get("engine") or writing_engine()
try:
    with engine.connect() as bound:
        migrate(bound)
except DBAPIError as error:
    if not is_away(error):
        raise
    # Flask-Migrate says of these what they say, and of others where in the code they came up.
    raise CommandError(f"The database does not answer: {str(error.orig).partition(chr(10))[0]}") from error
