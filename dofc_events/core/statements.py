"""Executes and times the statements of the site, and logs slow ones."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from sqlalchemy import Engine, event

from dofc_events.core.figures import STATEMENT_SECONDS

# In seconds.
SLOW = 1
LONGEST_SHOWN = 500

# Stands in a statement that PostgreSQL must not plan without its values: what is rare and what is frequent is found in
# different ways, and of a statement that comes again it would make one plan for all.
PLANNED_WITH_VALUES = "/* planned with its values */"

log = structlog.get_logger()


def watch_statements(engine: Engine, *, counted: bool) -> None:
    """Time each statement of an engine, also one that fails after a long wait, such as for a lock.

    Slow ones are logged without their values, which are people's answers. With `counted`, monitoring gets figures of
    all statements; that takes longer than the rest of this.

    By the dialect's events: those of an engine, whoever listens, make every statement and transaction dearer.
    """

    @contextmanager
    def timed(statement: str) -> Iterator[None]:
        began = time.perf_counter()
        try:
            yield
        finally:
            took = time.perf_counter() - began
            if counted:
                STATEMENT_SECONDS.observe(took)
            if took >= SLOW:
                shown = " ".join(statement.split())[:LONGEST_SHOWN]
                log.warning("slow_statement", ms=round(1000 * took), statement=shown)

    @event.listens_for(engine, "do_execute")
    def execute(cursor: Any, statement: str, parameters: Any, context: Any) -> bool:
        with timed(statement):
            if PLANNED_WITH_VALUES in statement and context.dialect.name != "sqlite" and not context._is_server_side:
                # A streamed one is never prepared.
                cursor.execute(statement, parameters, prepare=False)
            else:
                context.dialect.do_execute(cursor, statement, parameters, context)
        return True

    @event.listens_for(engine, "do_executemany")
    def execute_many(cursor: Any, statement: str, parameters: Any, context: Any) -> bool:
        with timed(statement):
            context.dialect.do_executemany(cursor, statement, parameters, context)
        return True
