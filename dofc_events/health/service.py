"""The probe that writes, and the alert that leaves by another way than mail."""

import json
import threading
import time
import urllib.request
from collections.abc import Sequence
from datetime import datetime
from http.client import HTTPException

import structlog
from sqlalchemy import bindparam, text, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from dofc_events.core.db import UtcDateTime, single_write
from dofc_events.core.errors import in_one_line
from dofc_events.health.models import SiteState
from dofc_events.health.rules import FAILING, SENTENCES, Trouble

# In seconds. Anyone may ask for health as often as they like: each process tries no more often than this.
PROBE_EVERY = 5
PROBE_PATIENCE = 3
ALERT_PATIENCE = 5

# Both databases understand it.
_PROBE = text(
    "INSERT INTO site_states (id, probed_at, trouble) VALUES (1, :now, '')"
    " ON CONFLICT (id) DO UPDATE SET probed_at = :now"
).bindparams(bindparam("now", type_=UtcDateTime()))

log = structlog.get_logger()


class Probe:
    """Whether the database takes what is written, tried now and then. One for each process."""

    def __init__(self) -> None:
        self._one_at_a_time = threading.Lock()
        self._tried_at: float | None = None
        self._is_writable = False

    def is_writable(self, now: datetime) -> bool:
        """What was found within the last seconds. While one caller tries, all others get the earlier result."""
        if self._one_at_a_time.acquire(blocking=self._tried_at is None):
            try:
                if self._tried_at is None or time.monotonic() - self._tried_at >= PROBE_EVERY:
                    self._is_writable = _try_to_write(now)
                    self._tried_at = time.monotonic()
            finally:
                self._one_at_a_time.release()
        return self._is_writable


def _try_to_write(now: datetime) -> bool:
    try:
        single_write(_PROBE, {"now": now}, PROBE_PATIENCE)
    except SQLAlchemyError as error:
        log.error("database_not_writable", error=in_one_line(error))
        return False
    return True


def is_news(session: Session, troubles: Sequence[Trouble], now: datetime) -> bool:
    """Whether this is other trouble than was last told of; of all who ask, one is told so."""
    session.execute(_PROBE, {"now": now})
    words = ",".join(troubles)
    changed = session.execute(update(SiteState).where(SiteState.trouble != words).values(trouble=words))
    return bool(changed.rowcount)  # type: ignore[attr-defined]


def send_alert(url: str, site: str, troubles: Sequence[Trouble], now: datetime) -> None:
    """Tell a webhook what is wrong, or that nothing is wrong now. It is tried once."""
    sentences = "; ".join(SENTENCES[trouble] for trouble in troubles)
    alert = {
        "site": site,
        "at": now.isoformat(),
        "status": "failing" if FAILING & set(troubles) else "ok",
        "trouble": list(troubles),
        "text": f"{site}: {sentences or 'all is well again'}.",
    }
    headers = {"Content-Type": "application/json", "User-Agent": "dofc-events"}
    # The setting is an http or https address.
    request = urllib.request.Request(url, json.dumps(alert).encode(), headers, method="POST")  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=ALERT_PATIENCE):  # noqa: S310
            pass
    except (OSError, ValueError, HTTPException) as error:
        log.error("alert_not_sent", error=in_one_line(error), trouble=list(troubles))
