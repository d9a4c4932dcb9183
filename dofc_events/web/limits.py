"""Request limits that hold over all processes of one machine.

The limits library keeps its counts in memory, one set for each process, or in a server of its own. This keeps them in
a small SQLite file beside the database, which costs a request some 50 µs and no service to look after.
"""

import sqlite3
import threading
import time
from typing import Any

from limits.storage import Storage

_SCHEMA = "CREATE TABLE IF NOT EXISTS hits (key TEXT PRIMARY KEY, count INTEGER NOT NULL, expires REAL NOT NULL)"


class _Connection(sqlite3.Connection):
    """Closes itself when the thread or the application that it served is gone, whichever thread notices."""

    def __del__(self) -> None:
        self.close()


class FileStorage(Storage):
    """Counts for fixed windows, in the SQLite file that the address `limits-file:///path` names."""

    STORAGE_SCHEME = ["limits-file"]

    def __init__(self, uri: str, wrap_exceptions: bool = False, **options: Any) -> None:
        super().__init__(uri, wrap_exceptions=wrap_exceptions, **options)
        self._path = uri.removeprefix("limits-file://")
        self._local = threading.local()

    @property
    def base_exceptions(self) -> type[Exception]:
        return sqlite3.Error

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        now = time.time()
        row = (
            self._connection()
            .execute(
                "INSERT INTO hits VALUES (:key, :amount, :expires) ON CONFLICT (key) DO UPDATE SET"
                " count = CASE WHEN expires <= :now THEN :amount ELSE count + :amount END,"
                " expires = CASE WHEN expires <= :now THEN :expires ELSE expires END RETURNING count",
                {"key": key, "amount": amount, "expires": now + expiry, "now": now},
            )
            .fetchone()
        )
        return int(row[0])

    def get(self, key: str) -> int:
        row = self._row(key)
        return int(row[0]) if row else 0

    def get_expiry(self, key: str) -> float:
        row = self._row(key)
        return float(row[1]) if row else time.time()

    def check(self) -> bool:
        return bool(self._connection().execute("SELECT 1").fetchone())

    def reset(self) -> int | None:
        return self._connection().execute("DELETE FROM hits").rowcount

    def clear(self, key: str) -> None:
        self._connection().execute("DELETE FROM hits WHERE key = ?", (key,))

    def _row(self, key: str) -> Any:
        query = "SELECT count, expires FROM hits WHERE key = ? AND expires > ?"
        return self._connection().execute(query, (key, time.time())).fetchone()

    def _connection(self) -> sqlite3.Connection:
        if not hasattr(self._local, "connection"):
            connection = sqlite3.connect(
                self._path, timeout=5, isolation_level=None, check_same_thread=False, factory=_Connection
            )
            # No write-ahead log: processes that begin together cannot all switch to it. A crash may forget counts.
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute(_SCHEMA)
            connection.execute("DELETE FROM hits WHERE expires <= ?", (time.time(),))
            self._local.connection = connection
        kept: sqlite3.Connection = self._local.connection
        return kept
