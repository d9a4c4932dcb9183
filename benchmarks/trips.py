"""What signing up for a learning trip costs, with few and with many earlier delegates."""

import time
from pathlib import Path

from dofc_events.app import create_app
from dofc_events.core.audit import Actor
from dofc_events.core.clock import now
from dofc_events.core.db import unit_of_work
from dofc_events.registration.trips.service import choose_trips
from tests.support.databases import close_connections, settings_for
from tests.support.factories import make_edition, make_registration, make_trip

SIGN_UPS = 50
SEATS = 30
BATCH = 100


def sign_up_cost(database_url: str, folder: Path, delegates: int) -> tuple[float, float]:
    """The processor time and the time on the clock of one sign-up, in milliseconds.

    So many delegates have signed up before, nearly all of whom wait: the next ones join the end of the list.
    """
    app = create_app(settings_for(database_url, folder / "instance"))
    with app.app_context():
        with unit_of_work() as session:
            edition = make_edition(session, now=now(), capacity=10 * delegates)
            slug = make_trip(session, edition, capacity=SEATS).slug
        for _ in range(delegates // BATCH):
            with unit_of_work() as session:
                session.add(edition)
                for _ in range(BATCH):
                    make_registration(session, edition, now=now(), trips=(slug,))
        with unit_of_work() as session:
            session.add(edition)
            late = [make_registration(session, edition, now=now()).id for _ in range(SIGN_UPS)]
        before, started = time.process_time(), time.perf_counter()
        for registration_id in late:
            with unit_of_work() as session:
                choose_trips(session, registration_id, [slug], any_trip=False, actor=Actor("delegate"), now=now())
        cost = (time.process_time() - before, time.perf_counter() - started)
        close_connections()
    return cost[0] * 1000 / SIGN_UPS, cost[1] * 1000 / SIGN_UPS
