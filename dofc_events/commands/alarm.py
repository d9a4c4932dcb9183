"""When the worker tells somebody, by another way than mail, that something is wrong or no longer is."""

import time

from dofc_events.core import files
from dofc_events.core.clock import now
from dofc_events.core.db import db, tried_again, unit_of_work
from dofc_events.extensions import settings
from dofc_events.health.queries import health
from dofc_events.health.rules import AWAY_AFTER, Trouble
from dofc_events.health.service import is_news, send_alert


class Alarm:
    """Tells of each change once. What was last told stands in the database; while it is away, this process knows."""

    def __init__(self) -> None:
        self._away_since: float | None = None
        self._told_of_database = False

    def look(self) -> None:
        """Look how the site is, and tell of it if that has changed."""
        url = settings().alert_url
        if url is None:
            return
        troubles = health(db.session(), settings().disk, now(), files_answer=files.answers(settings().shared)).troubles
        is_new = self._is_news(troubles)
        if is_new or self._told_of_database:
            self._told_of_database = False
            send_alert(url, settings().base_url, troubles, now())
        self._away_since = None

    def note_away(self, trouble: Trouble) -> None:
        """The database could not be used; tell of it once that has been so for a while."""
        self._away_since = self._away_since or time.monotonic()
        url = settings().alert_url
        if url and not self._told_of_database and time.monotonic() - self._away_since >= AWAY_AFTER:
            self._told_of_database = True
            send_alert(url, settings().base_url, [trouble], now())

    @tried_again
    def _is_news(self, troubles: list[Trouble]) -> bool:
        with unit_of_work() as session:
            return is_news(session, troubles, now())
