"""The numbers of editions on the organisers' pages."""

import pytest

from dofc_events.places import queries
from dofc_events.registration.service import cancel_registration
from tests.support.databases import count_queries
from tests.support.factories import DELEGATE, NOW, make_edition, make_registration


@pytest.fixture
def edition(session):
    return make_edition(session, capacity=2)


@pytest.fixture
def people(session, edition):
    """Three people: with a place, with a place, waiting."""
    return [make_registration(session, edition) for _number in range(3)]


def test_places_count_every_status(session, edition, people):
    cancel_registration(session, people[0].id, DELEGATE, NOW)
    past = make_edition(session, year=2031, capacity=7)
    places = queries.places_of(session, [edition.id, past.id])
    now = places[edition.id]
    assert (now.capacity, now.taken, now.free) == (2, 2, 0)
    assert {s.value: n for s, n in now.counts.items() if n} == {"confirmed": 1, "offered": 1, "cancelled": 1}
    assert places[past.id].free == 7
    assert not any(places[past.id].counts.values())


def test_places_cost_one_query_however_many_editions_there_are(session, edition, people):
    others = [make_edition(session, year=year).id for year in range(2031, 2036)]
    with count_queries() as statements:
        assert len(queries.places_of(session, [edition.id, *others])) == 6
    assert len(statements) == 1
