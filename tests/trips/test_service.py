"""Learning trips as organisers set them up."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from dofc_events.core.audit import COMMAND, AuditEntry
from dofc_events.registration.trips import service as seats
from dofc_events.trips.queries import trip_pools
from dofc_events.trips.service import (
    TripDetails,
    TripEndsBeforeItStarts,
    TripExists,
    add_trip,
    details_of,
    put_in_order,
    write_details,
)
from tests.support.factories import NOW, make_edition

HOUR = timedelta(hours=1)


@pytest.fixture
def details(edition):
    starts_at = edition.begins_at() + 24 * HOUR
    return TripDetails(title="Cellars", meeting_point="Gate", starts_at=starts_at, ends_at=starts_at + 3 * HOUR)


@pytest.fixture
def add(session, edition, details):
    """`add("cellars")`: a trip with nine seats; `changes` are details."""
    return lambda slug, **changes: add_trip(session, edition.id, slug, replace(details, **changes), 9, COMMAND, NOW)


def slugs(session, edition) -> list[str]:
    return [trip.slug for trip, _ in trip_pools(session, edition.id)]


def test_add_trip_puts_it_with_its_seats_behind_those_that_are_there(session, edition, add, details):
    first, second = add("cellars", minimum=4, walking=True), add("bakery")
    assert details_of(first) == replace(details, minimum=4, walking=True) and details_of(second) == details
    assert [(t.slug, p.capacity, p.taken) for t, p in trip_pools(session, edition.id)] == [
        ("cellars", 9, 0),
        ("bakery", 9, 0),
    ]
    acts = session.scalars(select(AuditEntry).where(AuditEntry.act == "trip_added").order_by(AuditEntry.id)).all()
    assert [(entry.scope, entry.details) for entry in acts] == [
        (str(edition.year), {"trip": "cellars", "capacity": 9}),
        (str(edition.year), {"trip": "bakery", "capacity": 9}),
    ]


def test_add_trip_is_refused_when_the_edition_has_one_of_that_slug(session, edition, add, details):
    add("cellars")
    with pytest.raises(TripExists):
        add("cellars")
    seats.cancel_trip(session, edition.id, "cellars", COMMAND, NOW)
    with pytest.raises(TripExists):
        add("cellars")
    other = make_edition(session, year=2040)
    assert add_trip(session, other.id, "cellars", details, 1, COMMAND, NOW).slug == "cellars"


@pytest.mark.parametrize("hours", [0, -1])
def test_a_trip_is_refused_when_it_does_not_end_after_it_starts(session, add, details, hours):
    with pytest.raises(TripEndsBeforeItStarts):
        add("cellars", ends_at=details.starts_at + hours * HOUR)
    trip = add("bakery")
    with pytest.raises(TripEndsBeforeItStarts):
        write_details(session, trip, replace(details, ends_at=details.starts_at + hours * HOUR), NOW)
    assert details_of(trip) == details


@pytest.mark.parametrize(
    ("changes", "counts"),
    [
        ({"title": "Wine cellars"}, True),
        ({"meeting_point": "Harbour"}, True),
        ({"bring": "Shoes"}, True),
        ({"hosts": "A host"}, True),
        ({"description": "Stairs", "minimum": 3, "walking": True}, False),
        ({"accessibility": "No lift", "needs_dietary": True, "needs_access": False}, False),
        ({}, False),
    ],
)
def test_write_details_says_what_changed_and_calendars_follow_what_they_show(session, add, details, changes, counts):
    trip = add("cellars")
    said = write_details(session, trip, replace(details, **changes), NOW)
    assert said == {name: [getattr(details, name), value] for name, value in changes.items()}
    assert (trip.revision, trip.revised_at) == (int(counts), NOW if counts else None)


def test_write_details_says_times_as_the_trail_can_hold_them(session, add, details):
    trip, later = add("cellars"), details.ends_at + HOUR
    assert write_details(session, trip, replace(details, ends_at=later), NOW) == {
        "ends_at": [details.ends_at.isoformat(), later.isoformat()]
    }
    assert (trip.revision, trip.ends_at) == (1, later)


def test_put_in_order_leaves_what_is_not_named_behind_in_its_order(session, edition, add):
    for slug in ("a", "b", "c", "d"):
        add(slug)
    put_in_order(session, edition.id, ["d", "b", "unknown"], COMMAND, NOW)
    session.flush()
    assert slugs(session, edition) == ["d", "b", "a", "c"]
