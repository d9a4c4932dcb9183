"""The list of registrations: what it finds, in which order, and whether its numbers agree."""

import pytest

from dofc_events.dashboard import queries
from dofc_events.dashboard.queries import Filters
from dofc_events.places.rules import ClaimStatus
from dofc_events.registration.service import cancel_registration
from tests.support.databases import count_queries
from tests.support.factories import DELEGATE, NOW, make_edition, make_registration


def found(session, edition, before_id=None, **filters) -> list[str]:
    rows = queries.registrations(session, edition.id, Filters(**filters), before_id=before_id)
    return [row.registration.reference for row in rows]


@pytest.fixture
def edition(session):
    return make_edition(session, capacity=2)


@pytest.fixture
def people(session, edition):
    """Three people: with a place, with a place, waiting."""
    return [
        make_registration(session, edition, given_name="Zoë", family_name="Ω", country="GR", category="guest"),
        make_registration(session, edition, given_name="Zoran", organisation="Niš Cluster", country="RS"),
        make_registration(session, edition, given_name="100%", country="RS"),
    ]


def test_newest_come_first(session, edition, people):
    assert found(session, edition) == [p.reference for p in reversed(people)]


def test_page_begins_below_the_last_row_of_the_one_before(session, edition, people):
    assert found(session, edition, before_id=people[1].id) == [people[0].reference]


@pytest.mark.parametrize(
    ("filters", "numbers"),
    [
        ({"q": "ZO"}, [1, 0]),
        ({"q": "ω zoë"}, [0]),
        ({"q": "niš"}, [1]),
        ({"q": "100%"}, [2]),
        ({"q": "nobody"}, []),
        ({"status": "waitlisted"}, [2]),
        ({"status": "confirmed", "country": "RS"}, [1]),
        ({"category": "guest"}, [0]),
        ({"category": "no-such"}, []),
    ],
)
def test_filters_narrow_the_list_and_its_counts_alike(session, edition, people, filters, numbers):
    assert found(session, edition, **filters) == [people[n].reference for n in numbers]
    counts = queries.counts_by_status(session, edition.id, Filters(**filters))
    total = counts[ClaimStatus(filters["status"])] if "status" in filters else sum(counts.values())
    assert total == len(numbers)


def test_other_editions_do_not_show(session, edition, people):
    other = make_edition(session, year=2031)
    make_registration(session, other, given_name="Zoran")
    assert len(found(session, edition, q="zo")) == 2
    assert queries.countries_of(session, edition.id) == {"GR", "RS"}


def test_places_count_every_status(session, edition, people):
    cancel_registration(session, people[0].id, DELEGATE, NOW)
    past = make_edition(session, year=2031, capacity=7)
    places = queries.places_of(session, [edition.id, past.id])
    now = places[edition.id]
    assert (now.capacity, now.taken, now.free) == (2, 2, 0)
    assert {s.value: n for s, n in now.counts.items() if n} == {"confirmed": 1, "offered": 1, "cancelled": 1}
    assert places[past.id].free == 7
    assert not any(places[past.id].counts.values())


def test_counts_and_list_cost_the_same_with_many(session, edition):
    def cost() -> int:
        session.expire_all()
        edition_id = edition.id
        with count_queries() as statements:
            for row in queries.registrations(session, edition_id, Filters(), before_id=None):
                assert row.registration.category.label
            queries.counts_by_status(session, edition_id, Filters())
            queries.places_of(session, [edition_id])
        return len(statements)

    make_registration(session, edition)
    few = cost()
    for _number in range(29):
        make_registration(session, edition)
    assert cost() == few


def test_those_who_wait_have_their_place_in_line_under_any_filter(session, edition, people):
    later = make_registration(session, edition, given_name="Zora")
    make_registration(session, make_edition(session, year=2031, capacity=0))
    rows = queries.registrations(session, edition.id, Filters(), before_id=None)
    assert [row.position for row in rows] == [2, 1, None, None]
    (row,) = queries.registrations(session, edition.id, Filters(q=later.reference), before_id=None)
    assert (row.registration, row.position) == (later, 2)
