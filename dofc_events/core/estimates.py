"""What PostgreSQL plans by: it counts what is in a table now and then, perhaps just before an act fills that table.

SQLite counts nothing; its plans follow from the statements alone.
"""

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from dofc_events.core.db import single_statements
from dofc_events.core.errors import in_one_line

log = structlog.get_logger()


def count_anew() -> None:
    """Let the database count what is in its tables, after an act that wrote thousands of rows was committed.

    What fails only leaves it to the database, which counts within a minute.
    """
    try:
        with single_statements() as connection:
            count_in(connection)
    except SQLAlchemyError as error:
        log.warning("not_counted", error=in_one_line(error))


def count_in(connection: Connection) -> None:
    """As `count_anew`, in this connection's transaction."""
    if connection.dialect.name != "sqlite":
        # What somebody else is counting, or changing the columns of, is left out.
        connection.exec_driver_sql("ANALYZE (SKIP_LOCKED)")
