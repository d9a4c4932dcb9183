"""Organisers' pages about learning trips: who may see them, the list, a new trip."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from dofc_events.conference.queries import edition_by_year
from dofc_events.conference.rules import TripMode
from dofc_events.core.audit import AuditEntry
from dofc_events.delegates.models import Registration
from dofc_events.places.queries import edition_pool
from dofc_events.registration.service import resize_edition
from dofc_events.registration.trips import service as seats
from tests.organise.trips.conftest import problems
from tests.support.databases import count_queries
from tests.support.factories import DELEGATE, NOW, make_edition, make_registration, make_trip

# Who may see what

PATHS = ("", "/new", "/sign-up", "/steel/", "/steel/cancel", "/steel/people")


@pytest.mark.parametrize(
    ("role", "status"), [("chair", 200), ("organiser", 200), ("desk", 403)], ids=["chair", "organiser", "desk"]
)
def test_trip_pages_are_for_chair_and_organisers(enter, edition, year, add_trip, role, status):
    add_trip("steel")
    browser = enter(role, None if role == "chair" else edition)
    for path in PATHS:
        assert browser.get(f"/organise/editions/{year}/trips{path}").status == status, path


def test_trip_pages_are_hidden_from_another_editions_organiser(enter, writing, year, add_trip):
    add_trip("steel")
    with writing() as session:
        stranger_of = make_edition(session, year=2031)
    stranger = enter("organiser", stranger_of)
    for path in PATHS:
        assert stranger.get(f"/organise/editions/{year}/trips{path}").status == 404, path
    assert stranger.post(f"/organise/editions/{year}/trips/order").status == 404


@pytest.mark.parametrize("slug", ["nothing", "elsewhere", "%00", "order"])
@pytest.mark.parametrize("name", ["/", "/cancel", "/people"])
@pytest.mark.databases("sqlite")
def test_trip_that_the_edition_does_not_have_is_not_found(page, writing, slug, name):
    with writing() as session:
        make_trip(session, make_edition(session, year=2031), "elsewhere")
    assert page(f"/{slug}{name}").status == 404


def test_person_that_the_edition_does_not_have_is_not_found(page, writing, add_trip):
    add_trip("steel")
    with writing() as session:
        stranger = make_registration(session, make_edition(session, year=2031)).reference
    for reference in (stranger, "", "nonsense"):
        assert page(f"/steel/people?person={reference}").status == 404


def test_edition_without_places_has_no_trips_to_set_up(enter, writing):
    with writing() as session:
        make_edition(session, year=2015, status="archived")
        session.delete(edition_pool(session, edition_by_year(session, 2015).id))
    chair = enter("chair")
    page = chair.get("/organise/editions/2015/trips")
    assert "no seats to give" in page.text
    assert "New trip" not in page.text
    for name in ("new", "sign-up"):
        assert chair.get(f"/organise/editions/2015/trips/{name}").status == 404


def test_list_of_trips_says_what_to_do_when_it_is_empty(organiser, year):
    page = organiser.get(f"/organise/editions/{year}/").follow("Learning trips")
    assert "no learning trips yet" in page.text
    assert page.follow("New trip").h1 == "New trip"


def test_list_of_trips_agrees_with_the_lists_it_leads_to(page, writing, year, add_trip, register):
    add_trip("steel", capacity=2)
    add_trip("wine", capacity=5, later=True)
    for _number in range(5):
        register("steel", "wine")
    with writing() as session:
        person = session.scalars(select(Registration)).first()
        seats.choose_trips(session, person.id, ["wine"], any_trip=False, actor=DELEGATE, now=NOW)
        resize_edition(session, edition_by_year(session, year).id, 5, DELEGATE, NOW)
    register("wine")
    found = {}
    for row in page().all("tr[data-trip]"):
        links = list(row.select("td.number a"))
        found[row["data-trip"]] = [int(link.text) for link in links]
        for link in links:
            address, _hash, status = link["href"].partition("#")
            people = page(address.partition("/trips")[2])
            section = people.one(f"section[aria-labelledby={status}]")
            assert (
                str(len(section.select("tbody tr"))) == link.text == section.select_one(f"#{status} span")["data-total"]
            )
    assert found == {"steel": [1, 1, 2, 0], "wine": [5, 0, 0, 1]}


def test_list_of_trips_names_what_a_trip_lacks(page, add_trip, register):
    add_trip("steel", capacity=1, minimum=1)
    add_trip("wine", capacity=9, minimum=3, later=True)
    register("steel", "wine")
    steel, wine = (row.get_text(" ", strip=True) for row in page().all("tr[data-trip]"))
    assert "Full" in steel and "needed" not in steel
    assert "2 more needed to run" in wine and "Full" not in wine
    assert "1 of 9 taken" in wine


def test_wishes_count_as_people_while_they_are_collected(page, add_trip, register, change_edition):
    add_trip("wine", minimum=3)
    change_edition(trip_mode=TripMode.DRAW)
    register("wine")
    assert "2 more needed to run" in page().one("tr[data-trip]").text
    change_edition(trip_mode=TripMode.FIRST_COME)
    assert "3 more needed to run" in page().one("tr[data-trip]").text


def test_list_of_trips_says_which_are_at_the_same_time(page, add_trip, writing, year):
    add_trip("steel")
    add_trip("wine")
    assert "all of them are at the same time" in page().text
    add_trip("museum", later=True)
    steel, wine, museum = (row.get_text(" ") for row in page().all("tr[data-trip]"))
    assert "At the same time as: The wine trip" in steel
    assert "At the same time as: The steel trip" in wine
    assert "same time" not in museum
    add_trip("mill", later=True)
    assert "At the same time as: The museum trip" in page().one('tr[data-trip="mill"]').text
    with writing() as session:
        for slug in ("wine", "mill"):
            seats.cancel_trip(session, edition_by_year(session, year).id, slug, DELEGATE, NOW)
    page_now = page()
    assert "same time" not in page_now.text
    assert "Cancelled" in page_now.one('tr[data-trip="wine"]').text
    assert not page_now.all('tr[data-trip="wine"] td a')


def test_list_of_trips_shows_times_in_the_editions_zone(page, add_trip):
    add_trip("steel")
    assert "22 May 2027, 09:30–13:30" in page().one("tr[data-trip]").text
    assert "times are Sofia time" in page().text


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({}, "Sign-up is open until 09:30, Friday 21 May 2027 (Sofia time)."),
        ({"trips_close_at": NOW}, "Sign-up closed at"),
        ({"trips_open_at": NOW + timedelta(days=1)}, "Sign-up opens at"),
        ({"status": "draft"}, "Nobody can sign up while the edition is a draft."),
        ({"trip_mode": "draw"}, "Seats are drawn"),
        ({"trip_mode": "draw", "trips_drawn_at": NOW}, "The draw has been published."),
    ],
    ids=str,
)
def test_list_of_trips_says_how_seats_are_given(page, change_edition, columns, words):
    change_edition(**columns)
    assert words in page().text
    assert ("The draw" in [a.text for a in page().all("main a")]) == (columns.get("trip_mode") == "draw")


def test_list_of_trips_costs_the_same_with_1_and_30_trips(page, add_trip, register):
    def cost() -> int:
        with count_queries() as statements:
            page()
        return len(statements)

    add_trip("first")
    register("first")
    few = cost()
    for number in range(29):
        add_trip(f"trip-{number}", later=number % 2 == 0)
    assert cost() == few


def test_order_of_trips_is_saved(page, add_trip, trail):
    for slug in ("steel", "wine", "museum"):
        add_trip(slug)
    form = page().form()
    assert [form.value(f"order-{slug}") for slug in ("steel", "wine", "museum")] == ["1", "2", "3"]
    shown = form.fill({"order-steel": 3, "order-wine": 2, "order-museum": 2}).submit()
    assert "Order saved." in shown.text
    assert [row["data-trip"] for row in shown.all("tr[data-trip]")] == ["wine", "museum", "steel"]
    assert trail("trips_put_in_order") == [{"trips": ["wine", "museum", "steel"]}]


@pytest.mark.parametrize("value", ["first", "", "-1"])
def test_order_of_trips_that_is_no_number_is_shown_again(page, add_trip, value):
    add_trip("steel")
    add_trip("wine")
    shown = page().form().fill({"order-steel": value, "order-wine": 7}).submit()
    assert shown.status == 422
    assert len(problems(shown)) == 1
    assert (shown.form().value("order-steel"), shown.form().value("order-wine")) == (value, "7")
    assert [row["data-trip"] for row in page().all("tr[data-trip]")] == ["steel", "wine"]


def test_order_of_trips_needs_the_forms_token(page, add_trip):
    add_trip("steel")
    add_trip("wine")
    form = page().form().fill({"order-steel": 9})
    assert form.forge(csrf_token=None).submit().status == 400


# A new trip

SLUG_RULE = "Use small letters from a to z, digits, and single hyphens between them."
TYPED = {"title": "Wine & women", "day": "2027-05-22", "starts": "14:00", "ends": "18:00", "capacity": 12}


def test_new_trip_is_on_offer_at_once(page, trip_now):
    form = page("/new").form().fill(TYPED)
    form.fill(minimum=4, hosts="A cellar", bring="Shoes", accessibility="Two steps", walking=True, needs_dietary=True)
    shown = form.fill(meeting_point="Gate 2", description="## Grapes", needs_access=False).submit()
    assert [row["data-trip"] for row in shown.all("tr[data-trip]")] == ["wine-women"]
    trip, pool = trip_now("wine-women")
    assert (trip.starts_at, trip.ends_at) == (
        datetime(2027, 5, 22, 11, tzinfo=UTC),
        datetime(2027, 5, 22, 15, tzinfo=UTC),
    )
    assert (pool.capacity, trip.minimum, trip.hosts, trip.bring, trip.accessibility) == (
        12,
        4,
        "A cellar",
        "Shoes",
        "Two steps",
    )
    assert (trip.walking, trip.needs_dietary, trip.needs_access) == (True, True, False)
    assert (trip.meeting_point, trip.description) == ("Gate 2", "## Grapes")


@pytest.mark.parametrize(
    ("title", "typed", "slug"),
    [
        ("Wine", "", "wine-2"),
        ("Draw", "", "draw-2"),
        ("Вино", "", "vino"),
        ("Wine", "the-cellar-2", "the-cellar-2"),
    ],
)
def test_new_trip_gets_a_short_name_of_its_own(page, add_trip, trip_now, title, typed, slug):
    add_trip("wine")
    page("/new").form().fill({**TYPED, "title": title, "slug": typed}).submit()
    assert trip_now(slug)[0].title == title


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"title": ""}, "Enter a title."),
        ({"day": ""}, "Enter the day."),
        ({"day": "0027-05-22"}, "Day: Enter a year from 2000 to 2100."),
        ({"starts": ""}, "Enter when it starts."),
        ({"ends": ""}, "Enter when it ends."),
        ({"ends": "14:00"}, "The trip must end after it starts, on the same day."),
        ({"ends": "09:00"}, "The trip must end after it starts, on the same day."),
        ({"capacity": ""}, "Enter how many seats there are."),
        ({"capacity": "100001"}, "Seats: Enter a whole number from 0 to 100000."),
        ({"minimum": "13"}, "The trip cannot need more people than it has seats."),
        ({"slug": "Wine"}, f"Short name in addresses: {SLUG_RULE}"),
        ({"slug": "wine.csv"}, f"Short name in addresses: {SLUG_RULE}"),
        ({"slug": "sign-up"}, "This word is the address of another page. Choose another one."),
        ({"slug": "steel"}, "Another trip already has this short name. Choose another one."),
    ],
    ids=str,
)
def test_new_trip_is_shown_again_when_something_is_wrong(page, add_trip, reading, typed, words):
    add_trip("steel")
    values = {**TYPED, "bring": "Shoes", "needs_access": False, **typed}
    shown = page("/new").form().fill(values).submit()
    assert shown.status == 422
    assert problems(shown) == [words]
    for name, value in values.items():
        assert shown.form().value(name) == (None if value is False else str(value)), name
    with reading() as session:
        assert len(session.scalars(select(AuditEntry).where(AuditEntry.act == "trip_added")).all()) == 0


def test_new_trip_may_not_end_in_the_hour_that_is_skipped(page):
    # Clocks in Sofia go from 3:00 to 4:00 on 28 March 2027: 3:15 means 4:15, and 4:05 is before it.
    shown = page("/new").form().fill({**TYPED, "day": "2027-03-28", "starts": "03:15", "ends": "04:05"}).submit()
    assert problems(shown) == ["The trip must end after it starts, on the same day."]
