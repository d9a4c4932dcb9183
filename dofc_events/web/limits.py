"""Request limits that hold over all processes of one machine, or of all.

The limits library keeps its counts in memory, one set for each process, or in a server of its own. This keeps them in
a small SQLite file beside the database, which costs a request some 50 µs and no service to look after; for several
machines in the PostgreSQL that they share.

Nobody is refused because the counts fail: what cannot be counted is allowed, and said once; the file is made anew.
"""

import contextlib
import sqlite3
import threading
import time
from abc import abstractmethod
from pathlib import Path
from typing import Any, ClassVar

import structlog
from limits.storage import Storage
from sqlalchemy import Float, String, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Mapped, mapped_column

from dofc_events.core.db import Base, single_statements

# How long a count waits for another one, and how long nothing is counted after one that failed, in seconds.
BUSY_TIMEOUT = 3
PAUSE = 10
# How often what has expired is removed, in seconds: it says which network address asked for something.
TIDY_EVERY = 600
# The errors of a file that can no longer hold counts.
RUINED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)

log = structlog.get_logger()

_SCHEMA = "CREATE TABLE IF NOT EXISTS hits (key TEXT PRIMARY KEY, count INTEGER NOT NULL, expires REAL NOT NULL)"


class RequestCount(Base):
    """How often somebody asked for something until `expires`, in seconds since 1970; unused where a file has it."""

    __tablename__ = "request_counts"

    key: Mapped[str] = mapped_column(String(500), primary_key=True)
    count: Mapped[int]
    expires: Mapped[float] = mapped_column(Float(53))


class Counts(Storage):
    """Counts for fixed windows in a table of a database, which `_answer` asks; `NOW` is the time in its words."""

    TABLE: ClassVar[str]
    NOW: ClassVar[str]
    ERRORS: ClassVar[type[Exception]]

    def __init__(self, uri: str, wrap_exceptions: bool = False, **options: Any) -> None:
        super().__init__(uri, wrap_exceptions=wrap_exceptions, **options)
        self._paused_until = self._tidied_at = 0.0
        self._fails = False

    @property
    def base_exceptions(self) -> type[Exception]:
        return self.ERRORS

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        # What lasts for longer than a window was written before somebody set the clock back.
        rows = self._ask(
            "INSERT INTO {table} AS hits (key, count, expires) VALUES (:key, :amount, {now} + :expiry)"
            " ON CONFLICT (key) DO UPDATE SET"
            " count = CASE WHEN hits.expires > {now} THEN hits.count ELSE 0 END + :amount,"
            " expires = CASE WHEN hits.expires > {now} AND hits.expires < {now} + :expiry THEN hits.expires"
            " ELSE {now} + :expiry END RETURNING count",
            key=key,
            amount=amount,
            expiry=expiry,
        )
        if time.monotonic() - self._tidied_at > TIDY_EVERY:
            self._tidied_at = time.monotonic()
            self._ask("DELETE FROM {table} WHERE expires <= {now} RETURNING key")
        return int(rows[0][0]) if rows else 0

    def get(self, key: str) -> int:
        return int(next((count for count, _ in self._rows(key)), 0))

    def get_expiry(self, key: str) -> float:
        return float(next((expires for _, expires in self._rows(key)), time.time()))

    def check(self) -> bool:
        return bool(self._ask("SELECT 1"))

    def reset(self) -> int | None:
        return len(self._ask("DELETE FROM {table} RETURNING key"))

    def clear(self, key: str) -> None:
        self._ask("DELETE FROM {table} WHERE key = :key RETURNING key", key=key)

    def forget(self, whom: str) -> None:
        """Count no further for keys in which this stands: an address, say."""
        self._ask("DELETE FROM {table} WHERE key LIKE :pattern RETURNING key", pattern=f"%{whom}%")

    def _rows(self, key: str) -> list[Any]:
        return self._ask("SELECT count, expires FROM {table} WHERE key = :key AND expires > {now}", key=key)

    def _ask(self, statement: str, **values: Any) -> list[Any]:
        """What the database says; nothing while it fails."""
        if time.monotonic() < self._paused_until:
            return []
        try:
            rows = self._answer(statement.format(table=self.TABLE, now=self.NOW), values)
        except self.ERRORS as error:
            self._paused_until = time.monotonic() + PAUSE
            if not self._fails:
                self._fails = True
                log.error("request_limits_fail", error=str(error).partition("\n")[0])
            self._mend(error)
            return []
        if self._fails:
            self._fails = False
            log.info("request_limits_count_again")
        return rows

    @abstractmethod
    def _answer(self, statement: str, values: dict[str, Any]) -> list[Any]:
        """The rows that a statement leads to."""

    def _mend(self, error: Exception) -> None:
        """What can be done about an error."""


class DatabaseStorage(Counts):
    """In the table of the database that all machines share; `limits-database://`. Its own clock counts."""

    STORAGE_SCHEME = ["limits-database"]
    TABLE = RequestCount.__tablename__
    NOW = "CAST(extract(epoch FROM clock_timestamp()) AS double precision)"
    ERRORS = SQLAlchemyError

    def _answer(self, statement: str, values: dict[str, Any]) -> list[Any]:
        with single_statements() as connection:
            return list(connection.execute(text(statement), values))


class _Connection(sqlite3.Connection):
    """Closes itself when the thread or the application that it served is gone, whichever thread notices."""

    def __del__(self) -> None:
        # One that could not be opened is there all the same.
        with contextlib.suppress(sqlite3.ProgrammingError):
            self.close()


class FileStorage(Counts):
    """In the SQLite file that the address `limits-file:///path` names."""

    STORAGE_SCHEME = ["limits-file"]
    TABLE = "hits"
    NOW = ":now"
    ERRORS = sqlite3.Error

    def __init__(self, uri: str, wrap_exceptions: bool = False, **options: Any) -> None:
        super().__init__(uri, wrap_exceptions=wrap_exceptions, **options)
        self._path = uri.removeprefix("limits-file://")
        self._local = threading.local()

    def _answer(self, statement: str, values: dict[str, Any]) -> list[Any]:
        return self._connection().execute(statement, values | {"now": time.time()}).fetchall()

    def _mend(self, error: Exception) -> None:
        self._local = threading.local()
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in RUINED:
            with contextlib.suppress(OSError):
                Path(self._path).unlink(missing_ok=True)
                self._paused_until = 0

    def _connection(self) -> sqlite3.Connection:
        local = self._local
        if not hasattr(local, "connection"):
            connection = sqlite3.connect(
                self._path, timeout=BUSY_TIMEOUT, isolation_level=None, check_same_thread=False, factory=_Connection
            )
            # No write-ahead log: processes that begin together cannot all switch to it. A crash may forget counts.
            connection.execute("PRAGMA synchronous = OFF")
            # What is no longer counted is overwritten: it says who asked for something.
            connection.execute("PRAGMA secure_delete = ON")
            connection.execute(_SCHEMA)
            local.connection = connection
        kept: sqlite3.Connection = local.connection
        return kept
