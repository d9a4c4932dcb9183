"""A thousand people within a minute for 250 places and three trips of 40 seats; in the middle one site is killed.

Whoever gets no answer asks the other site, as behind a front server. Afterwards everything has to add up.
"""

import random
import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from statistics import median

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from benchmarks.load import Client, fill_in
from dofc_events.app import create_app
from dofc_events.commands.check import faults
from dofc_events.core.clock import now
from dofc_events.core.db import db, unit_of_work
from dofc_events.delegates.models import Registration
from dofc_events.mail.models import Message
from dofc_events.places.models import Claim, Pool
from dofc_events.places.rules import ClaimStatus
from tests.support.databases import Databases, close_connections, settings_for
from tests.support.factories import make_edition, make_three_trips
from tests.support.site import Site
from tests.support.smtp import MailServer

PEOPLE, SECONDS = 1_000, 60
PLACES, SEATS = 250, 40
AT_ONCE = 100
PATIENCE = 180
TRIPS = ("wine", "mill", "port")


@dataclass(frozen=True)
class Rush:
    """What it was like: milliseconds of a registration from its form to the answer, and how many had to ask again."""

    typical: float
    slowest: float
    asked_again: int


def rush(databases: Databases, kind: str, folder: Path) -> Rush:
    """Two sites of a process each, and two workers. Raises AssertionError if anything does not add up."""
    sink = MailServer(folder)
    sink.start()
    with databases.fresh(kind) as url:
        app = create_app(settings_for(url, folder / "instance", **sink.settings()))
        with app.app_context():
            with unit_of_work() as session:
                edition = make_edition(session, now=now(), capacity=PLACES)
                make_three_trips(session, edition, capacity=SEATS)
                year = edition.year
            sites = [Site(url, folder, sink, BASE_URL="http://dofc.test") for _ in range(2)]
            try:
                for site in sites:
                    site.serve().run_worker()
                everybody = _Everybody([site.port for site in sites], year)
                killer = threading.Timer(SECONDS / 2, _kill_and_start, [sites[1]])
                killer.start()
                with ThreadPoolExecutor(AT_ONCE) as pool:
                    list(pool.map(everybody.come, range(PEOPLE)))
                killer.join()
                _wait_for_mail()
            finally:
                for site in sites:
                    site.stop()
                sink.stop()
            _prove(db.session(), everybody.answered, sink)
            db.session.close()
            close_connections()
    return Rush(median(everybody.taken) * 1000, max(everybody.taken) * 1000, everybody.asked_again)


class _Everybody:
    def __init__(self, ports: Sequence[int], year: int) -> None:
        self._ports, self._path, self._began = ports, f"/editions/{year}/register", time.monotonic()
        self.answered: set[str] = set()
        self.taken: list[float] = []
        self.asked_again = 0

    def come(self, number: int) -> None:
        """Somebody comes when it is their time, and goes on until they have an answer."""
        time.sleep(max(0, self._began + SECONDS * number / PEOPLE - time.monotonic()))
        email, port, began = f"rush-{number}@dofc.test", number, time.monotonic()
        while time.monotonic() - began < PATIENCE:
            try:
                client = Client(self._ports[port % len(self._ports)])
                fill_in(client, self._path, number, email=email, trips=random.Random(number).choice(TRIPS))
            except (OSError, HTTPException):
                self.asked_again += 1
                port += 1
                time.sleep(0.2)
            else:
                self.answered.add(email)
                self.taken.append(time.monotonic() - began)
                return
        raise AssertionError(f"{email} got no answer")


def _kill_and_start(site: Site) -> None:
    site.server.kill()
    site.serve()


def _wait_for_mail() -> None:
    until = time.monotonic() + PATIENCE
    while db.session.scalar(select(func.count()).where(Message.state != "sent")):
        assert time.monotonic() < until, "mail is still waiting"
        db.session.close()
        time.sleep(0.5)
    db.session.close()


def _prove(session: Session, answered: set[str], sink: MailServer) -> None:
    """Nobody is lost who saw an answer, no place was given twice, the line has no gaps, and everybody was told."""
    registered = set(session.scalars(select(Registration.email)))
    assert answered == registered and len(registered) == PEOPLE, f"{len(answered)} answers, {len(registered)} people"
    assert faults(session) == []
    query = select(Claim.status, Claim.position).join(Pool)
    claims = session.execute(query.where(Pool.edition_id.is_not(None))).all()
    counts = Counter(status for status, _ in claims)
    assert counts == {ClaimStatus.CONFIRMED: PLACES, ClaimStatus.WAITLISTED: PEOPLE - PLACES}, counts
    waiting = sorted(position for status, position in claims if status == ClaimStatus.WAITLISTED)
    assert len(set(waiting)) == PEOPLE - PLACES, "two have one position"
    assert all(taken <= SEATS for taken in session.scalars(select(Pool.taken).where(Pool.trip_id.is_not(None))))
    told = {recipient for envelope in sink.envelopes for recipient in envelope.rcpt_tos}
    assert told == registered, f"{len(registered - told)} were not told"
