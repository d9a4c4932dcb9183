"""The same site with one mistake: it looks whether a place is free, and gives it in the next transaction.

`gunicorn tests.races.twin:app` serves it to the race that the real site wins. Whoever wants to see what the harness is
worth finds it here; the schema's CHECK is taken away by `drop_check`, or else the database would refuse.
"""

import sqlite3
import threading
from typing import Any

from sqlalchemy import Engine, create_engine, event, exists, select, text, update
from sqlalchemy.orm import Session

from dofc_events.app import create_app
from dofc_events.config import Settings
from dofc_events.core.connecting import begin_writing
from dofc_events.places import service
from dofc_events.places.models import Claim, Pool
from dofc_events.places.rules import ClaimStatus

# Between looking and giving everybody waits until more have looked than there are places, or so many seconds.
PLACES, PATIENCE = 5, 20
looked: list[int] = []
somebody_looked = threading.Condition()


def take_what_seemed_free(session: Session, pool: Pool, category_id: int | None) -> bool:
    """What `_take` must not be: the answer is out of date when it is acted upon."""
    somebody_waits = exists().where(Claim.pool_id == Pool.id, Claim.status == ClaimStatus.WAITLISTED)
    query = select(Pool.taken < Pool.capacity, somebody_waits).where(Pool.id == pool.id)
    free, waits = session.execute(query).one()
    session.commit()
    with somebody_looked:
        looked.append(pool.id)
        somebody_looked.notify_all()
        somebody_looked.wait_for(lambda: len(looked) > PLACES, PATIENCE)
    begin_writing(session.connection())
    if not free or waits:
        return False
    session.execute(update(Pool).where(Pool.id == pool.id).values(taken=Pool.taken + 1))
    return True


def drop_check(database_url: str) -> None:
    """Take away the constraint that refuses overselling; SQLite is told to ignore it, in `app`."""
    if not database_url.startswith("sqlite"):
        engine = create_engine(database_url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text("ALTER TABLE pools DROP CONSTRAINT ck_pools_never_oversold"))
        engine.dispose()


def _ignore_checks(connection: Any, record: Any) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA ignore_check_constraints = ON")


def broken_app() -> Any:
    """The site, with the mistake."""
    service._take = take_what_seemed_free
    event.listen(Engine, "connect", _ignore_checks)
    return create_app(Settings.from_env())
