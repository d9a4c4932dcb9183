"""How long the database takes: counted, and said in one line where it is long."""

import time
from typing import Any

import structlog
from sqlalchemy import Engine, event
from sqlalchemy.engine import ExceptionContext

from dofc_events.core.figures import STATEMENT_SECONDS

# In seconds.
SLOW = 1
LONGEST_SHOWN = 500

log = structlog.get_logger()


def watch_statements(engine: Engine, *, counted: bool) -> None:
    """Time each statement of an engine. The log gets slow ones without their values, which are people's answers.

    They are `counted` for those who want figures alone: that takes longer than all the rest.
    """

    def end(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        took = time.perf_counter() - context.began
        if counted:
            STATEMENT_SECONDS.observe(took)
        if took >= SLOW:
            log.warning("slow_statement", ms=round(1000 * took), statement=" ".join(statement.split())[:LONGEST_SHOWN])

    def fail(failure: ExceptionContext) -> None:
        """What waited for a lock until it gave up was slow as well."""
        if failure.statement and hasattr(failure.execution_context, "began"):
            end(None, None, failure.statement, None, failure.execution_context, False)

    event.listen(engine, "before_cursor_execute", _begin)
    event.listen(engine, "after_cursor_execute", end)
    event.listen(engine, "handle_error", fail)


def _begin(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
    context.began = time.perf_counter()
