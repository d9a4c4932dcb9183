"""How the database is connected to, and noticed to be gone.

A PostgreSQL that is stopped, or whose disk hangs, keeps its connections: they are open, and say nothing. None of its
own limits ends then, nor any of the network's, because its machine goes on answering.
"""

import time
from collections.abc import Generator
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus
from psycopg.waiting import Ready
from sqlalchemy import Dialect, Engine, event
from sqlalchemy.engine import make_url

# How long a writer waits for another one before it gives up, in seconds.
BUSY_TIMEOUT = 5

# What PostgreSQL is told in each connection: nothing waits for ever, for a lock, an answer, or somebody who went away.
PG_LIMITS = {
    "lock_timeout": f"{BUSY_TIMEOUT}s",
    "statement_timeout": "30s",
    "idle_in_transaction_session_timeout": "60s",
}
CONNECTING = {"connect_timeout": 5, "tcp_user_timeout": 10_000, "keepalives_idle": 10, "keepalives_interval": 5}

# In seconds. After so much silence it is asked on another connection whether anybody is there: a statement may
# well take longer.
SILENCE = BUSY_TIMEOUT + 1
LOOKING = 2
# Of a server that did not answer, one after the other looks whether it is back; the others are told at once.
LOOK_AGAIN_AFTER = 1

# When each server that did not answer may be looked for again.
_away: dict[tuple[Any, Any], float] = {}


def engine_options(database_url: str) -> dict[str, Any]:
    """Options for the engine: every connection is read-only unless `unit_of_work` says otherwise."""
    # People's answers do not belong in logs, where errors would put them.
    options: dict[str, Any] = {"hide_parameters": True}
    if database_url.startswith("sqlite"):
        return options | {"connect_args": {"timeout": BUSY_TIMEOUT}}
    # What the address says wins.
    said = str(make_url(database_url).query.get("options", ""))
    limits = " ".join([*(f"-c {name}={value}" for name, value in PG_LIMITS.items()), said])
    return options | {
        # A connection that broke while nobody used it is noticed when it is used: see `tried_again`.
        "execution_options": {"postgresql_readonly": True},
        "connect_args": CONNECTING | {"options": limits.strip()},
    }


class WatchfulConnection(psycopg.Connection[Any]):
    """Raises OperationalError, and is closed, when the server has fallen silent and nobody answers there."""

    _how: dict[str, Any]

    def wait(self, gen: Any, *args: Any, **options: Any) -> Any:
        return super().wait(self._watched(gen), *args, **options)

    def rollback(self) -> None:
        """End the transaction; with one that only reads there is nothing to undo.

        With each rollback psycopg forgets the statements that it has prepared.
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
    """A connection, or OperationalError: at once, if the server did not answer others a moment ago."""
    server = how.get("host"), how.get("port")
    begun = time.monotonic()
    if begun < _away.get(server, begun):
        raise psycopg.OperationalError("the server did not answer a moment ago")
    if server in _away:
        _away[server] = begun + int(how.get("connect_timeout", LOOKING)) + LOOK_AGAIN_AFTER
    try:
        connection = WatchfulConnection.connect(**how)
    except psycopg.OperationalError as error:
        # Who refuses at once costs nobody time.
        if error.sqlstate is None and time.monotonic() - begun > LOOK_AGAIN_AFTER:
            _away[server] = time.monotonic() + LOOK_AGAIN_AFTER
        raise
    _away.pop(server, None)
    connection._how = how
    return connection


@event.listens_for(Engine, "do_connect")
def _connect(dialect: Dialect, record: object, args: list[Any], how: dict[str, Any]) -> WatchfulConnection | None:
    return None if dialect.name == "sqlite" else connect(how)
