"""Parts of pages that are kept: made once for all who are shown the same, and never shown to others."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from flask_babel import force_locale
from sqlalchemy import select, update

from dofc_events.conference.models import Category, Edition
from dofc_events.conference.rules import TripMode
from dofc_events.places.models import Pool
from dofc_events.trips.models import Trip
from dofc_events.web import kept
from dofc_events.web.kept import kept_part
from tests.support.factories import NOW, make_edition, make_registration, make_trip

FORM = "/editions/2027/register"
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def nothing_is_kept():
    kept._rendered.cache_clear()


def test_a_part_is_made_once_for_what_is_the_same_and_in_each_language(app):
    made = []

    def context():
        made.append(1)
        return {"code": 404, "heading": f"Made {len(made)}", "text": "<b>"}

    with app.test_request_context("/"):
        first = kept_part("errors/page.html", ("a", 1), context)
        assert "Made 1" in first and "&lt;b&gt;" in first
        assert kept_part("errors/page.html", ("a", 1), context) is first
        assert "Made 2" in kept_part("errors/page.html", ("a", 2), context)
        with force_locale("bg"):
            assert "Made 3" in kept_part("errors/page.html", ("a", 1), context)


def trip(**columns) -> Callable:
    return lambda session, edition: session.execute(update(Trip).where(Trip.slug == "wine").values(columns))


def itself(**columns) -> Callable:
    return lambda session, edition: session.execute(update(Edition).where(Edition.id == edition.id).values(columns))


def places(**columns) -> Callable:
    return lambda session, edition: session.execute(update(Pool).where(Pool.edition_id == edition.id).values(columns))


def rename_category(session, edition) -> None:
    session.execute(update(Category).where(Category.slug == "guest").values(label="Guest of honour"))


def add_category(session, edition) -> None:
    session.add(Category(edition_id=edition.id, slug="press", label="Press", position=9))


def add_trip(session, edition) -> None:
    make_trip(session, edition, "mill", title="Mill", capacity=1)


def take_a_seat(session, edition) -> None:
    make_registration(session, edition, trips=("wine",))


def wait(session, edition) -> None:
    session.execute(update(Pool).where(Pool.edition_id == edition.id).values(capacity=1))
    for _ in range(2):
        make_registration(session, edition)


CHANGES = {
    "the city": itself(city="Plovdiv"),
    "whom to write to": itself(contact_name="Ivo"),
    "when registration closes": itself(registration_closes_at=NOW + 3 * DAY),
    "that it is no demonstration": itself(is_demo=True),
    "how seats are given": itself(trip_mode=TripMode.DRAW),
    "when sign-up opens": itself(trips_open_at=NOW + DAY),
    "few places": places(capacity=7),
    "people who wait": wait,
    "a category's name": rename_category,
    "a category": add_category,
    "a trip's title": trip(title="Vineyards"),
    "what a trip is": trip(description="Look & taste."),
    "a trip's time": trip(starts_at=NOW + 200 * DAY, ends_at=NOW + 201 * DAY),
    "a cancelled trip": trip(cancelled_at=NOW),
    "another trip": add_trip,
    "a seat that is taken": take_a_seat,
}


def seen(page) -> str:
    """What a form shows, without what is another's each time."""
    main = page.one("main")
    for hidden in main.select("input[type=hidden]"):
        hidden.remove()
    return str(main) + "".join(map(str, page.all("aside")))


@pytest.fixture
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def edition(writing):
    with writing() as session:
        edition = make_edition(session, year=2027, capacity=100)
        make_trip(session, edition, "wine", title="Wine", capacity=3)
        return edition


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_blank_form_shows_what_has_changed_since_it_was_kept(client, writing, edition, change):
    before = seen(client.get(FORM))
    assert seen(client.another().get(FORM)) == before
    with writing() as session:
        change(session, session.get_one(Edition, edition.id))
    shown = seen(client.get(FORM))
    kept._rendered.cache_clear()
    assert before != shown == seen(client.get(FORM))


def test_a_blank_form_does_not_offer_a_trip_that_has_begun(client, writing, edition, clock):
    with writing() as session:
        session.execute(update(Trip).values(starts_at=NOW + DAY))
    assert client.get(FORM).all("#trip-wine")
    clock.shift(2 * DAY)
    assert not client.get(FORM).all("#trip-wine")


@pytest.mark.usefixtures("clock")
def test_a_blank_form_is_kept_while_many_seats_are_left(client, writing, edition):
    """Registering for trips must not make the form anew each time."""
    with writing() as session:
        pool = select(Pool.id).join(Trip, Trip.id == Pool.trip_id).where(Trip.slug == "wine").scalar_subquery()
        session.execute(update(Pool).where(Pool.id == pool).values(capacity=50))
    client.get(FORM)
    with writing() as session:
        take_a_seat(session, session.get_one(Edition, edition.id))
    missed = kept._rendered.cache_info().misses
    assert client.get(FORM).all("#trip-wine")
    assert kept._rendered.cache_info().misses == missed
