"""What keeps one failure of the worker from becoming all of them: every step is run on its own."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import structlog

from dofc_events.core.clock import now
from dofc_events.core.db import db, is_away, tried_again, unit_of_work
from dofc_events.core.errors import in_one_line
from dofc_events.notices.rules import BATCH

# What fails in the same way in every round is said again after so many seconds.
SAY_AGAIN_AFTER = 600
MAX_REMEMBERED = 1000

log = structlog.get_logger()


class Watch:
    """Runs steps, says in one line what fails, and knows which of them have not succeeded since."""

    def __init__(self) -> None:
        self._failing: dict[str, datetime] = {}
        self._notes: Counter[str] = Counter()
        self._said_at: dict[tuple[object, ...], float] = {}

    def run(self, name: str, step: Callable[..., object], *arguments: Any) -> bool:
        """Do a step; returns whether it says that there is more to do. Only a database that is away ends the round."""
        notes = self._notes[name]
        try:
            more = bool(step(*arguments))
        except Exception as error:
            if is_away(error):
                raise
            self.note(name, error)
            return False
        else:
            if notes == self._notes[name]:
                self._failing.pop(name, None)
            return more
        finally:
            # Ends whatever the step was reading, and what it broke.
            db.session.remove()

    def note(self, name: str, error: Exception, *about: object) -> None:
        """Something failed within a step."""
        self._failing[name] = now()
        self._notes[name] += 1
        self.say("step_failed", error, name, *about)

    def say(self, what: str, error: BaseException, step: str = "", *about: object) -> None:
        """One line in the log, unless the same was said a short while ago."""
        line, at = in_one_line(error), time.monotonic()
        said = (what, step, line, *map(repr, about))
        if at - self._said_at.get(said, -SAY_AGAIN_AFTER) < SAY_AGAIN_AFTER:
            return
        if len(self._said_at) >= MAX_REMEMBERED:
            self._said_at.clear()
        self._said_at[said] = at
        where = {"step": step} if step else {}
        log.error(what, **where, **({"about": [repr(one) for one in about]} if about else {}), error=line)

    @property
    def last_failure(self) -> tuple[str | None, datetime | None]:
        """Which step failed last of those that have not succeeded since, and when."""
        return max(list(self._failing.items()), key=lambda failure: failure[1], default=(None, None))


class Step:
    """One step's units of work: what fails is noted, and tried again in the next round.

    One broken registration must not stop everybody's mail.
    """

    def __init__(self, name: str, watch: Watch) -> None:
        self._name, self._watch = name, watch

    def each(self, ids: Sequence[Any], act: Callable[..., object], *arguments: Any) -> None:
        """A unit of work for each of them."""
        for one in ids:
            self.attempt(act, one, *arguments)

    def in_batches(self, ids: Sequence[Any], act: Callable[..., object], *arguments: Any) -> None:
        """Units of work that are soon over; where one fails, each of its pieces gets one of its own."""
        for first in range(0, len(ids), BATCH):
            batch = ids[first : first + BATCH]
            if not self.attempt(act, batch, *arguments):
                self.each([[one] for one in batch], act, *arguments)

    def attempt(self, act: Callable[..., object], what: Any, *arguments: Any) -> bool:
        """One unit of work; returns whether it succeeded."""
        try:
            _do(act, what, *arguments)
        except Exception as error:
            if is_away(error):
                raise
            self._watch.note(self._name, error, what)
            return False
        return True


@tried_again
def _do(act: Callable[..., object], *arguments: Any) -> None:
    with unit_of_work() as session:
        act(session, *arguments)
