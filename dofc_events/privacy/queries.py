"""How long things are kept here, what has been removed, and who is to stay erased."""

import hashlib
import hmac
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from dofc_events.extensions import settings
from dofc_events.privacy.models import KeptFor, Removal
from dofc_events.privacy.rules import DEFAULT_DAYS, Period, Periods


def periods_of(session: Session) -> Periods:
    """The periods of the network and of all editions, in one query."""
    network, shorter = dict(DEFAULT_DAYS), dict[int, dict[Period, int]]()
    for edition_id, period, days in session.execute(select(KeptFor.edition_id, KeptFor.period, KeptFor.days)):
        mine = network if edition_id is None else shorter.setdefault(edition_id, {})
        mine[Period(period)] = days
    return Periods(network, shorter)


def removals(session: Session, limit: int, year: int | None = None) -> Sequence[Removal]:
    """What was removed last, of one edition or of all."""
    query = select(Removal).order_by(Removal.on.desc(), Removal.id.desc()).limit(limit)
    return session.scalars(query if year is None else query.where(Removal.year == year)).all()


def erasure_hash(kind: str, subject: str, key: str = "") -> str:
    """What stands in the list of erased people: leads to nobody without the site's secret key, which is not in it."""
    secret = key or settings().keys[-1]
    return hmac.new(secret.encode(), f"dofc.erased.{kind}.{subject}".encode(), hashlib.sha256).hexdigest()


def erasure_hashes(kind: str, subject: str) -> set[str]:
    """As `erasure_hash`, with each key that the site has had."""
    return {erasure_hash(kind, subject, key) for key in settings().keys}
