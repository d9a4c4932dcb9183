"""Several workers look for possible duplicates among the same people at the same moment."""

import random
from concurrent.futures import ThreadPoolExecutor
from itertools import combinations

import pytest
from sqlalchemy import select

from dofc_events.core.clock import now
from dofc_events.core.db import db, unit_of_work
from dofc_events.delegates.doubles import service as doubles
from dofc_events.delegates.models import LikelyDouble, Registration
from tests.support.factories import find_doubles, make_edition, make_registration

WORKERS, PEOPLE, BATCH = 4, 24, 6
ANA = {"given_name": "Ana", "family_name": "Kovač", "country": "RS"}


@pytest.fixture
def people(writing) -> list[int]:
    """Registrations that all look like one person's."""
    with writing() as session:
        edition = make_edition(session, now=now())
        return [make_registration(session, edition, now=now(), **ANA).id for _ in range(PEOPLE)]


def test_every_pair_is_found_once_by_several_workers(app, people, reading):
    def worker(number: int) -> None:
        mine = random.Random(number).sample(people, PEOPLE)
        with app.app_context():
            for first in range(0, PEOPLE, BATCH):
                with unit_of_work() as session:
                    find_doubles(session, mine[first : first + BATCH])
            db.session.close()

    with ThreadPoolExecutor(WORKERS) as pool:
        for done in [pool.submit(worker, number) for number in range(WORKERS)]:
            done.result()
    with reading() as session:
        found = session.execute(select(LikelyDouble.first_id, LikelyDouble.second_id)).all()
        assert sorted(map(tuple, found)) == list(combinations(sorted(people), 2))
        assert not doubles.to_compare(session, PEOPLE)


@pytest.mark.databases("postgresql")
def test_who_is_changed_meanwhile_is_compared_afterwards(app, people, writing, reading):
    """SQLite lets nobody read what is to be compared until the change is committed."""

    def compare_all() -> None:
        with app.app_context(), unit_of_work() as session:
            find_doubles(session, people)

    with ThreadPoolExecutor(1) as pool, writing() as session:
        session.get_one(Registration, people[0]).given_name = "Marko"
        session.flush()
        pool.submit(compare_all).result(timeout=20)
    with reading() as session:
        assert doubles.to_compare(session, PEOPLE) == people[:1]
