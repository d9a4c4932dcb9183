"""Times the statements that the database executes, and logs slow ones."""

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
    """Time each statement of an engine. Slow ones are logged without their values, which are people's answers.

    With `counted`, monitoring gets figures of all statements; that takes longer than the rest of this.
    """

    def end(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        took = time.perf_counter() - context.began
        if counted:
            STATEMENT_SECONDS.observe(took)
        if took >= SLOW:
            log.warning("slow_statement", ms=round(1000 * took), statement=" ".join(statement.split())[:LONGEST_SHOWN])

    def fail(failure: ExceptionContext) -> None:
        """Log a statement that failed after a long wait, such as for a lock."""
        if failure.statement and hasattr(failure.execution_context, "began"):
            end(None, None, failure.statement, None, failure.execution_context, False)

    event.listen(engine, "before_cursor_execute", _begin)
    event.listen(engine, "after_cursor_execute", end)
    event.listen(engine, "handle_error", fail)


def _begin(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
    context.began = time.perf_counter()
