"""Request limits that hold over all processes of one machine.

The limits library keeps its counts in memory, one set for each process, or in a server of its own. This keeps them in
a small SQLite file beside the database, which costs a request some 50 µs and no service to look after.

Nobody is refused because the file fails: what cannot be counted is allowed, said once, and the file made anew.
"""

import contextlib
import sqlite3
import threading
import time
from pathlib import Path
from typing import Any

import structlog
from limits.storage import Storage

# How long a count waits for another one, and how long nothing is counted after one that failed, in seconds.
BUSY_TIMEOUT = 3
PAUSE = 10
# How often what has expired is removed, in seconds: it says which network address asked for something.
TIDY_EVERY = 600
# What a file says that holds no counts any more, and never will.
RUINED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)

log = structlog.get_logger()

_SCHEMA = "CREATE TABLE IF NOT EXISTS hits (key TEXT PRIMARY KEY, count INTEGER NOT NULL, expires REAL NOT NULL)"


class _Connection(sqlite3.Connection):
    """Closes itself when the thread or the application that it served is gone, whichever thread notices."""

    def __del__(self) -> None:
        # One that could not be opened is there all the same.
        with contextlib.suppress(sqlite3.ProgrammingError):
            self.close()


class FileStorage(Storage):
    """Counts for fixed windows, in the SQLite file that the address `limits-file:///path` names."""

    STORAGE_SCHEME = ["limits-file"]

    def __init__(self, uri: str, wrap_exceptions: bool = False, **options: Any) -> None:
        super().__init__(uri, wrap_exceptions=wrap_exceptions, **options)
        self._path = uri.removeprefix("limits-file://")
        self._local = threading.local()
        self._paused_until = self._tidied_at = 0.0
        self._fails = False

    @property
    def base_exceptions(self) -> type[Exception]:
        return sqlite3.Error

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        now = time.time()
        rows = self._ask(
            "INSERT INTO hits VALUES (:key, :amount, :expires) ON CONFLICT (key) DO UPDATE SET"
            " count = CASE WHEN expires <= :now THEN :amount ELSE count + :amount END,"
            " expires = CASE WHEN expires <= :now THEN :expires ELSE expires END RETURNING count",
            {"key": key, "amount": amount, "expires": now + expiry, "now": now},
        )
        if time.monotonic() - self._tidied_at > TIDY_EVERY:
            self._tidied_at = time.monotonic()
            self._ask("DELETE FROM hits WHERE expires <= ?", (now,))
        return int(rows[0][0]) if rows else 0

    def get(self, key: str) -> int:
        return int(next((count for count, _ in self._rows(key)), 0))

    def get_expiry(self, key: str) -> float:
        return float(next((expires for _, expires in self._rows(key)), time.time()))

    def check(self) -> bool:
        return bool(self._ask("SELECT 1"))

    def reset(self) -> int | None:
        return len(self._ask("DELETE FROM hits RETURNING key"))

    def clear(self, key: str) -> None:
        self._ask("DELETE FROM hits WHERE key = ?", (key,))

    def _rows(self, key: str) -> list[Any]:
        return self._ask("SELECT count, expires FROM hits WHERE key = ? AND expires > ?", (key, time.time()))

    def _ask(self, statement: str, values: Any = ()) -> list[Any]:
        """What the file says; nothing while it fails."""
        if time.monotonic() < self._paused_until:
            return []
        try:
            rows = self._connection().execute(statement, values).fetchall()
        except sqlite3.Error as error:
            self._failed(error)
            return []
        if self._fails:
            self._fails = False
            log.info("request_limits_count_again")
        return rows

    def _failed(self, error: sqlite3.Error) -> None:
        self._paused_until = time.monotonic() + PAUSE
        self._local = threading.local()
        if not self._fails:
            self._fails = True
            log.error("request_limits_fail", error=str(error))
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
            connection.execute(_SCHEMA)
            local.connection = connection
        kept: sqlite3.Connection = local.connection
        return kept
