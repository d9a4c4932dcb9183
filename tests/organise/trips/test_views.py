"""Organisers' pages about learning trips: setting them up, who is on them, how seats are given."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from dofc_events.conference.queries import edition_by_year
from dofc_events.conference.rules import TripMode
from dofc_events.core.audit import AuditEntry
from dofc_events.delegates.models import Registration
from dofc_events.mail.models import Message
from dofc_events.places.queries import edition_pool
from dofc_events.registration.service import cancel_registration, resize_edition
from dofc_events.registration.trips import service as seats
from dofc_events.trips.queries import trip_by_slug, trips_of
from tests.support.databases import count_queries
from tests.support.factories import DELEGATE, NOW, make_edition, make_registration, make_trip

ACTS = ("confirmed", "offered", "waitlisted", "requested")
# The second day of the edition, on which `make_trip` puts trips: 09:30 to 13:30 in Sofia.
LATER = timedelta(hours=5)


@pytest.fixture
def year(writing) -> int:
    """The year of an edition with places for everyone, whose freed seats are offered."""
    with writing() as session:
        return make_edition(session, capacity=60).year


@pytest.fixture
def add_trip(writing, year):
    """`add_trip("steel", capacity=2, later=True)`: a trip, in the afternoon if `later`."""

    def add_trip(slug: str, *, later: bool = False, **changes) -> None:
        with writing() as session:
            trip = make_trip(session, edition_by_year(session, year), slug, title=f"The {slug} trip", **changes)
            if later:
                trip.starts_at, trip.ends_at = trip.starts_at + LATER, trip.ends_at + LATER

    return add_trip


@pytest.fixture
def register(writing, year):
    """`register("steel", "wine", given_name="Ana")`: the reference of somebody who asked for these trips."""

    def register(*slugs: str, **changes) -> str:
        with writing() as session:
            person = make_registration(session, edition_by_year(session, year), **changes)
            if slugs:
                seats.choose_trips(session, person.id, slugs, any_trip=False, actor=DELEGATE, now=NOW)
            return person.reference

    return register


@pytest.fixture
def seats_of(reading, year):
    """`seats_of(reference)`: the statuses of somebody's live claims by slug."""

    def seats_of(reference: str) -> dict[str, str]:
        with reading() as session:
            person = session.scalars(select(Registration).where(Registration.reference == reference)).one()
            standings = trips_of(session, person.edition_id, person.id)
            return {standing.trip.slug: standing.status for standing in standings if standing.is_live}

    return seats_of


@pytest.fixture
def trip_now(reading, year):
    """`trip_now("steel")`: a trip and its pool as they are in the database."""

    def trip_now(slug: str):
        with reading() as session:
            return trip_by_slug(session, edition_by_year(session, year).id, slug)

    return trip_now


@pytest.fixture
def change_edition(writing, year):
    def change_edition(**columns) -> None:
        with writing() as session:
            edition = edition_by_year(session, year)
            for name, value in columns.items():
                setattr(edition, name, value)

    return change_edition


@pytest.fixture
def page(organiser, year):
    """`page("/new")`: an organiser's page about trips."""
    return lambda path="": organiser.get(f"/organise/editions/{year}/trips{path}")


@pytest.fixture
def trail(reading):
    """`trail(act)`: the details of everything of that kind that was done."""

    def trail(act: str) -> list[dict]:
        with reading() as session:
            return list(
                session.scalars(select(AuditEntry.details).where(AuditEntry.act == act).order_by(AuditEntry.id))
            )

    return trail


@pytest.fixture
def kinds(reading):
    """`kinds(reference)`: the kinds of all messages to somebody, oldest first."""

    def kinds(reference: str) -> list[str]:
        with reading() as session:
            return list(session.scalars(select(Message.kind).where(Message.about == reference).order_by(Message.id)))

    return kinds


def problems(page) -> list[str]:
    return [item.get_text(" ", strip=True) for item in page.all(".error-summary li")]


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
@pytest.mark.databases("sqlite", "postgresql")
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


# The list


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
        found[row["data-trip"]] = [int(link.string) for link in links]
        for link in links:
            address, _hash, status = link["href"].partition("#")
            people = page(address.partition("/trips")[2])
            section = people.one(f"section[aria-labelledby={status}]")
            assert str(len(section.select("tbody tr"))) == link.string == section.find(id=status).span["data-total"]
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
        ({"trip_mode": "draw", "trips_drawn_at": NOW}, "The draw of the seats is published."),
    ],
    ids=str,
)
def test_list_of_trips_says_how_seats_are_given(page, change_edition, columns, words):
    change_edition(**columns)
    assert words in page().text
    assert ("The draw" in [a.string for a in page().all("main a")]) == (columns.get("trip_mode") == "draw")


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


# Their order


def test_order_of_trips_is_saved(page, add_trip, trail):
    for slug in ("steel", "wine", "museum"):
        add_trip(slug)
    form = page().form()
    assert [form.value(f"order-{slug}") for slug in ("steel", "wine", "museum")] == ["1", "2", "3"]
    shown = form.fill({"order-steel": 3, "order-wine": 2, "order-museum": 2}).submit()
    assert "The order is saved." in shown.text
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
        ({"day": "0027-05-22"}, "Check the year."),
        ({"starts": ""}, "Enter when it starts."),
        ({"ends": ""}, "Enter when it ends."),
        ({"ends": "14:00"}, "The trip must end after it starts, on the same day."),
        ({"ends": "09:00"}, "The trip must end after it starts, on the same day."),
        ({"capacity": ""}, "Enter how many seats there are."),
        ({"capacity": "100001"}, "Enter a whole number from 0 to 100000."),
        ({"minimum": "13"}, "The trip cannot need more people than it has seats."),
        ({"slug": "Wine"}, "Use small letters from a to z, digits, and single hyphens between them."),
        ({"slug": "wine.csv"}, "Use small letters from a to z, digits, and single hyphens between them."),
        ({"slug": "sign-up"}, "This word is the address of another page. Choose another one."),
        ({"slug": "steel"}, "Another trip has this short name already. Choose another one."),
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


# Changing one


def test_trip_that_nobody_touches_stays_as_it_is(page, add_trip, trip_now, trail):
    # 3:30 comes twice in Sofia on 31 October 2027; this is the second.
    twice = datetime(2027, 10, 31, 1, 30, 7, tzinfo=UTC)
    add_trip("steel", starts_at=twice, ends_at=twice + timedelta(hours=3))
    page("/steel/").form().submit()
    assert trip_now("steel")[0].starts_at == twice
    assert trail("trip_changed") == []


def test_trip_changes_and_tells_those_who_are_on_it_when_it_moves(page, add_trip, register, trip_now, kinds):
    add_trip("steel", capacity=1)
    first, second, other = register("steel"), register("steel"), register()
    shown = page("/steel/")
    assert "2 people are told by mail" in shown.text
    assert not shown.all("[name=slug]")
    shown = shown.form().fill(starts="09:15", meeting_point="Gate 2").submit()
    assert "Saved. 2 people are told by mail." in shown.text
    assert shown.form().value("starts") == "09:15"
    assert trip_now("steel")[0].starts_at == datetime(2027, 5, 22, 6, 15, tzinfo=UTC)
    for reference in (first, second):
        assert kinds(reference)[-1] == "trip-changed"
    assert "trip-changed" not in kinds(other)


def test_trip_changes_without_a_message_when_only_words_change(page, add_trip, register, kinds):
    add_trip("steel")
    reference = register("steel")
    shown = page("/steel/").form().fill(description="New words").submit()
    assert "Saved." in shown.text and "told" not in shown.one(".notice-success").text
    assert "trip-changed" not in kinds(reference)


def test_seats_that_are_added_are_offered_at_once(page, add_trip, register, seats_of):
    add_trip("steel", capacity=1)
    _first, second = register("steel"), register("steel")
    page("/steel/").form().fill(capacity=2).submit()
    assert seats_of(second) == {"steel": "offered"}


def test_seats_never_fall_below_what_is_taken(page, add_trip, register, trip_now):
    add_trip("steel", capacity=3)
    register("steel"), register("steel")
    shown = page("/steel/").form().fill(capacity=1, title="Not kept either").submit()
    assert shown.status == 422
    assert problems(shown) == ["2 seats are taken (confirmed or offered): there cannot be fewer."]
    assert shown.form().value("capacity") == "1"
    assert (trip_now("steel")[1].capacity, trip_now("steel")[0].title) == (3, "The steel trip")


def test_trip_that_ends_before_it_starts_is_refused(page, add_trip, trip_now):
    add_trip("steel")
    shown = page("/steel/").form().fill(ends="08:00").submit()
    assert shown.status == 422
    assert (shown.form().value("starts"), shown.form().value("ends")) == ("09:30", "08:00")
    assert trip_now("steel")[0].revision == 0


@pytest.fixture
def both(add_trip, register):
    """Somebody with a seat on a trip in the morning and one in the afternoon, and somebody with one of them."""
    add_trip("steel")
    add_trip("wine", later=True)
    return register("steel", "wine", given_name="Ana", family_name="Kovač"), register("steel")


def test_moving_a_trip_onto_another_one_warns_and_names_who_loses_a_seat(page, both, seats_of, trip_now):
    shown = page("/steel/").form().fill(starts="15:00", ends="19:00", bring="Shoes").submit()
    assert shown.status == 422
    warning = shown.one(".notice-warning")
    assert [item.get_text(" ", strip=True) for item in warning.select("li")] == [
        "Ana Kovač keeps the seat on “The wine trip” and loses the one on “The steel trip”."
    ]
    assert "2 people are told by mail of the new time." in warning.text
    assert shown.form().value("bring") == "Shoes"
    assert seats_of(both[0]) == {"steel": "confirmed", "wine": "confirmed"}
    assert trip_now("steel")[0].bring == ""

    saved = shown.form().submit("Save anyway")
    assert "Saved. 2 people" in saved.text
    assert seats_of(both[0]) == {"wine": "confirmed"}
    assert seats_of(both[1]) == {"steel": "confirmed"}
    assert trip_now("steel")[0].bring == "Shoes"


def test_moving_a_trip_warns_again_when_somebody_else_would_lose_a_seat(page, both, register, seats_of):
    shown = page("/steel/").form().fill(starts="15:00", ends="19:00").submit()
    late = register("steel", "wine", given_name="Bojan", family_name="Late")
    again = shown.form().submit("Save anyway")
    assert again.status == 422
    assert "Bojan Late" in again.one(".notice-warning").text
    assert seats_of(late) == {"steel": "confirmed", "wine": "confirmed"}
    assert again.form().submit("Save anyway").status == 200
    assert seats_of(late) == {"wine": "confirmed"}


def test_moving_a_trip_warns_again_when_it_is_saved_by_the_other_button(page, both, seats_of):
    shown = page("/steel/").form().fill(starts="15:00", ends="19:00").submit()
    assert shown.form().submit("Save the trip").status == 422
    assert seats_of(both[0]) == {"steel": "confirmed", "wine": "confirmed"}
    assert shown.form().fill(starts="08:00", ends="10:00").submit("Save the trip").status == 200
    assert seats_of(both[0]) == {"steel": "confirmed", "wine": "confirmed"}


# Cancelling one


def test_cancelling_asks_first_and_says_who_is_affected(page, add_trip, register, seats_of, trip_now, kinds):
    add_trip("steel", capacity=1)
    first, second = register("steel", family_name="Kovač"), register("steel", family_name="Şahin")
    shown = page("/steel/").follow("Cancel this trip")
    assert "2 people are told by mail that it does not take place." in shown.text
    facts = {row.dt.text: row.dd.get_text(strip=True) for row in shown.all("dl.facts > div")}
    assert facts == {"1 with a seat": "Łucja Kovač", "1 waiting": "Łucja Şahin"}
    assert trip_now("steel")[0].cancelled_at is None

    shown = shown.form().submit()
    assert "“The steel trip” is cancelled." in shown.text
    assert trip_now("steel")[0].cancelled_at == NOW
    assert (seats_of(first), seats_of(second)) == ({}, {})
    assert kinds(first)[-1] != kinds(first)[0]
    assert "cancelled already" in page("/steel/cancel").text
    assert "was cancelled at" in page("/steel/").text
    assert "nobody is on it" in page("/steel/people").text


def test_cancelling_names_five_people_and_counts_the_others(page, add_trip, register):
    add_trip("steel")
    for _number in range(7):
        register("steel")
    row = page("/steel/cancel").one("dl.facts dd")
    assert len(row.select("a")) == 5
    assert "and 2 more" in row.text


def test_cancelling_a_trip_that_nobody_wants_says_so(page, add_trip):
    add_trip("steel")
    assert "Nobody has asked for a seat." in page("/steel/cancel").text


# Who is on it


def test_people_stand_where_they_belong(page, add_trip, register, change_edition, writing, year):
    add_trip("steel", capacity=1)
    add_trip("wine", later=True)
    on_it, next_one, last = register("steel"), register("steel"), register("steel")
    change_edition(trip_mode=TripMode.DRAW)
    wishing = register("wine", "steel")
    with writing() as session:
        resize_edition(session, edition_by_year(session, year).id, 4, DELEGATE, NOW)
    without_place = register("steel")

    shown = page("/steel/people")
    rows = {
        status: {
            row["data-registration"]: row.get_text(" ", strip=True)
            for row in shown.all(f"#{status}")[0].parent.select("tbody tr")
        }
        for status in ACTS
    }
    assert list(rows["confirmed"]) == [on_it] and rows["offered"] == {}
    assert list(rows["waitlisted"]) == [next_one, last]
    assert "Number 1" in rows["waitlisted"][next_one] and "Number 2" in rows["waitlisted"][last]
    assert list(rows["requested"]) == [wishing, without_place]
    assert "Number 2" in rows["requested"][wishing] and "At the conference" not in rows["requested"][wishing]
    assert "On the waiting list" in rows["requested"][without_place]


def test_people_with_an_offer_stand_with_their_deadline(page, add_trip, register):
    add_trip("steel", capacity=1)
    register("steel")
    second = register("steel")
    page("/steel/").form().fill(capacity=2).submit()
    row = page("/steel/people").one("section[aria-labelledby=offered] tbody tr")
    assert row["data-registration"] == second
    assert "5 Nov 2026, 18:00" in row.text
    assert row.a["href"].endswith(second)


def test_people_costs_the_same_with_1_and_30(page, add_trip, register, register_many):
    def cost() -> int:
        with count_queries() as statements:
            page("/steel/people")
        return len(statements)

    add_trip("steel")
    register("steel")
    few = cost()
    register_many(29, trips=("steel",))
    assert cost() == few


def add(page, person: str, reason: str = "Speaks there"):
    return page("/steel/people").form().fill(person=person, reason=reason).submit()


@pytest.mark.parametrize("by", ["reference", "small letters", "address"])
def test_adding_gives_a_free_seat_past_those_who_wait(page, add_trip, register, seats_of, trail, kinds, by):
    add_trip("steel", capacity=2)
    register("steel"), register("steel")
    waiting, guest = register("steel"), register(email="guest@dofc.test", family_name="Öz")
    page("/steel/").form().fill(capacity=2).submit()
    shown = add(page, guest)
    assert problems(shown) == ["All seats on “The steel trip” are taken: raise the number of seats first."]
    assert (shown.form().value("person"), shown.form().value("reason")) == (guest, "Speaks there")
    assert seats_of(waiting) == {"steel": "waitlisted"}

    page("/steel/").form().fill(capacity=4).submit()
    shown = add(page, {"reference": guest, "small letters": f" {guest.lower()}", "address": "GUEST@dofc.test"}[by])
    assert "Łucja Öz has a seat on “The steel trip”." in shown.text
    assert seats_of(guest) == {"steel": "confirmed"}
    assert trail("seat_given") == [{"trip": "steel", "instead_of": "", "because": "Speaks there"}]
    assert kinds(guest)[-1] == "trip-confirmed"


def test_adding_is_refused_when_nobody_is_found(page, add_trip, register):
    add_trip("steel")
    for person in ("7KX9-Q2MB", "nobody@dofc.test", "Ana"):
        assert problems(add(page, person)) == ["Nobody is registered with this reference or address."]


def test_adding_needs_a_reason(page, add_trip, register, seats_of):
    add_trip("steel")
    reference = register()
    shown = add(page, reference, " ")
    assert (shown.status, problems(shown)) == (422, ["Enter a reason. It is kept with the registration."])
    assert seats_of(reference) == {}


def test_adding_is_refused_when_they_are_on_it(page, add_trip, register, kinds):
    add_trip("steel")
    reference = register("steel", family_name="Öz")
    before = kinds(reference)
    assert problems(add(page, reference)) == ["Łucja Öz has a seat on this trip already."]
    assert kinds(reference) == before


def test_adding_is_refused_beside_a_seat_at_the_same_time(page, add_trip, register, seats_of):
    add_trip("steel")
    add_trip("wine")
    reference = register("wine", family_name="Öz")
    shown = add(page, reference)
    assert problems(shown) == [
        "Łucja Öz has a seat on “The wine trip”, which is at the same time: take them off that trip first."
    ]
    assert seats_of(reference) == {"wine": "confirmed"}


def test_adding_is_refused_without_a_place_at_the_conference(page, add_trip, register, writing, year):
    add_trip("steel")
    register()
    with writing() as session:
        resize_edition(session, edition_by_year(session, year).id, 1, DELEGATE, NOW)
    waiting = register(family_name="Öz")
    assert problems(add(page, waiting)) == [
        "Łucja Öz has no confirmed place at the conference, and without one no seat."
    ]


def test_adding_is_refused_once_cancelled_or_over(page, add_trip, register, writing, change_edition):
    add_trip("steel")
    gone, there = register(family_name="Öz"), register()
    with writing() as session:
        person = session.scalars(select(Registration).where(Registration.reference == gone)).one()
        cancel_registration(session, person.id, DELEGATE, NOW)
    assert problems(add(page, gone)) == ["The registration of Łucja Öz was cancelled."]
    change_edition(status="archived")
    assert problems(add(page, there)) == ["The edition is over."]


def test_adding_is_refused_once_the_trip_has_begun(page, add_trip, register, writing):
    add_trip("steel", starts_at=NOW - timedelta(hours=1), ends_at=NOW + timedelta(hours=1))
    assert problems(add(page, register())) == [
        "“The steel trip” is cancelled or has begun: nobody can join it any more."
    ]


def test_adding_says_that_the_trip_was_cancelled_meanwhile(page, add_trip, register, writing, year, seats_of):
    add_trip("steel")
    reference = register()
    form = page("/steel/people").form().fill(person=reference, reason="Speaks there")
    with writing() as session:
        seats.cancel_trip(session, edition_by_year(session, year).id, "steel", DELEGATE, NOW)
    assert "nobody is on it" in form.submit().text
    assert seats_of(reference) == {}


def change(page, person: str, to: str, reason: str = "Changed their mind"):
    return page(f"/steel/people?person={person}").form().fill(to=to, reason=reason).submit()


def test_moving_somebody_gives_the_seat_there_and_frees_the_one_here(page, add_trip, register, seats_of, trail):
    add_trip("steel", capacity=1)
    add_trip("wine")
    reference, waiting = register("steel", family_name="Öz"), register("steel")
    shown = page("/steel/people")
    address = next(a["href"] for a in shown.all("td a") if reference in a["href"])
    assert address.endswith(f"/steel/people?person={reference}")
    shown = change(page, reference, "wine")
    assert "Łucja Öz has a seat on “The wine trip”." in shown.text
    assert (seats_of(reference), seats_of(waiting)) == ({"wine": "confirmed"}, {"steel": "offered"})
    assert trail("seat_given") == [{"trip": "wine", "instead_of": "steel", "because": "Changed their mind"}]


def test_moving_somebody_is_refused_when_it_is_full_there(page, add_trip, register, seats_of):
    add_trip("steel")
    add_trip("wine", capacity=1)
    register("wine")
    reference = register("steel")
    form = page(f"/steel/people?person={reference}").form()
    shown = change(page, reference, "wine")
    assert form.choices("to") == ["wine", "-"]
    assert problems(shown) == ["All seats on “The wine trip” are taken: raise the number of seats first."]
    assert (shown.form().value("to"), shown.form().value("reason")) == ("wine", "Changed their mind")
    assert seats_of(reference) == {"steel": "confirmed"}


def test_moving_somebody_is_refused_beside_a_third_trip(page, add_trip, register, seats_of):
    add_trip("steel")
    add_trip("wine", later=True)
    add_trip("museum", later=True)
    reference = register("steel", "wine", family_name="Öz")
    shown = change(page, reference, "museum")
    assert problems(shown) == [
        "Łucja Öz has a seat on “The wine trip”, which is at the same time: take them off that trip first."
    ]
    assert seats_of(reference) == {"steel": "confirmed", "wine": "confirmed"}


@pytest.mark.parametrize(("to", "reason"), [("wine", ""), ("", "Because")])
def test_moving_somebody_needs_a_choice_and_a_reason(page, add_trip, register, seats_of, to, reason):
    add_trip("steel")
    add_trip("wine")
    reference = register("steel")
    form = page(f"/steel/people?person={reference}").form().fill(reason=reason)
    shown = (form.fill(to=to) if to else form).submit()
    assert (shown.status, len(problems(shown))) == (422, 1)
    assert seats_of(reference) == {"steel": "confirmed"}


def test_moving_to_a_trip_that_is_not_offered_is_refused(page, add_trip, register, seats_of):
    add_trip("steel")
    reference = register("steel")
    form = page(f"/steel/people?person={reference}").form().forge(to="nowhere", reason="x")
    assert form.submit().status == 422
    assert seats_of(reference) == {"steel": "confirmed"}


def test_taking_somebody_off_passes_the_seat_on(page, add_trip, register, seats_of, trail, kinds):
    add_trip("steel", capacity=1)
    reference, waiting = register("steel", family_name="Öz"), register("steel")
    shown = change(page, reference, "-")
    assert "Łucja Öz is not on “The steel trip” any more." in shown.text
    assert (seats_of(reference), seats_of(waiting)) == ({}, {"steel": "offered"})
    assert trail("seat_taken") == [{"trip": "steel", "because": "Changed their mind"}]
    assert len(kinds(reference)) == 3


def test_somebody_who_waits_can_be_given_a_seat_or_taken_off_the_list(page, add_trip, register, seats_of):
    add_trip("steel", capacity=1)
    register("steel")
    first, second = register("steel"), register("steel")
    form = page(f"/steel/people?person={second}").form()
    assert form.choices("to") == ["steel", "-"]
    page("/steel/").form().fill(capacity=2).submit()
    assert "Confirm the seat that is offered" in page(f"/steel/people?person={first}").text
    change(page, first, "steel")
    change(page, second, "-")
    assert (seats_of(first), seats_of(second)) == ({"steel": "confirmed"}, {})


def test_somebody_who_is_not_on_the_trip_can_be_added_by_their_page(organiser, page, add_trip, register, year):
    add_trip("steel")
    reference = register()
    shown = organiser.get(f"/organise/editions/{year}/registrations/{reference}").follow("The steel trip")
    assert shown.form().value("person") == reference


# How seats are given


def sign_up(page, **values):
    return page("/sign-up").form().fill(values).submit()


def test_sign_up_is_saved_as_times_in_the_editions_zone(page, reading, year):
    shown = sign_up(page, opens_at="2026-12-01T09:00", closes_at="2027-05-01T00:00")
    assert "Saved." in shown.text and "Sign-up opens at 09:00, Tuesday 1 December 2026 (Sofia time)." in shown.text
    with reading() as session:
        edition = edition_by_year(session, year)
        assert edition.trips_open_at == datetime(2026, 12, 1, 7, tzinfo=UTC)
        assert edition.trips_close_at == datetime(2027, 4, 30, 21, tzinfo=UTC)
    assert page("/sign-up").form().value("opens_at") == "2026-12-01T09:00"


def test_sign_up_says_what_empty_times_mean(page):
    text = page("/sign-up").text
    assert "with registration, at 15:00, Saturday 3 October 2026 (Sofia time)" in text
    assert "until the conference begins, at 09:30, Friday 21 May 2027 (Sofia time)" in text


def test_mode_of_sign_up_turns_waits_into_wishes_and_back(page, add_trip, register, seats_of, kinds):
    add_trip("steel", capacity=1)
    first, second, third = register("steel"), register("steel"), register("steel")
    assert "2 people would be told by mail." in page("/sign-up").text
    shown = sign_up(page, mode="draw")
    assert "Saved. 2 people are told by mail." in shown.text
    assert "Seats are drawn" in shown.text
    assert [seats_of(who)["steel"] for who in (first, second, third)] == ["confirmed", "requested", "requested"]
    assert [len(kinds(who)) for who in (first, second, third)] == [2, 3, 3]
    assert "2 people would be told by mail." in page("/sign-up").text
    sign_up(page, mode="first-come")
    assert [seats_of(who)["steel"] for who in (first, second, third)] == ["confirmed", "waitlisted", "waitlisted"]


def test_nobody_is_told_when_the_mode_stays(page, add_trip, register):
    add_trip("steel", capacity=0)
    register("steel")
    shown = sign_up(page, closes_at="2027-05-01T00:00")
    assert "told" not in shown.one(".notice-success").text


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"opens_at": "2027-02-01T09:00", "closes_at": "2027-02-01T09:00"}, "closes_at"),
        ({"closes_at": "2026-10-01T00:00"}, "closes_at"),
        ({"opens_at": "2027-05-21T09:30"}, "opens_at"),
        ({"mode": "draw", "opens_at": "2027-05-20T09:30"}, "opens_at"),
    ],
    ids=str,
)
def test_sign_up_that_closes_before_it_opens_is_refused(page, values, field):
    shown = sign_up(page, **values)
    assert (shown.status, problems(shown)) == (422, ["Sign-up must close after it opens."])
    assert shown.all(f"#{field}-error")
    for name, value in values.items():
        assert (
            shown.one("[name=mode][checked]")["value"] == value if name == "mode" else shown.form().value(name) == value
        )


def test_mode_stays_once_the_draw_is_published(page, change_edition):
    change_edition(trip_mode=TripMode.DRAW)
    form = page("/sign-up").form().fill(mode="first-come")
    change_edition(trips_drawn_at=NOW)
    shown = form.submit()
    assert shown.status == 422
    assert problems(shown) == ["The draw is published. From then on it stays the way in which seats were given."]
    shown = page("/sign-up")
    assert "The draw was published at" in shown.text
    assert not shown.all("main form")


# On the pages about registrations


def test_registrations_show_and_filter_by_trips(organiser, page, add_trip, register, year):
    add_trip("steel", capacity=1)
    add_trip("wine", later=True)
    first, second, none = register("steel", "wine"), register("steel"), register()
    address = f"/organise/editions/{year}/registrations"
    shown = organiser.get(address)
    first_row = shown.one(f"tr[data-registration='{first}']").get_text(" ", strip=True)
    assert "The steel trip · Seat confirmed" in first_row and "The wine trip · Seat confirmed" in first_row
    assert "The steel trip · On the waiting list" in shown.one(f"tr[data-registration='{second}']").get_text(
        " ", strip=True
    )
    assert "trip" not in shown.one(f"tr[data-registration='{none}']").get_text(" ")

    change(page, register("steel"), "-")
    shown = shown.form(".filters").fill(trip="steel").submit()
    assert [row["data-registration"] for row in shown.all("tr[data-registration]")] == [second, first]
    assert shown.one("[data-total]")["data-total"] == "2"
    assert shown.form(".filters").value("trip") == "steel"
    assert organiser.get(f"{address}?trip=nothing").one("[data-total]")["data-total"] == "0"


def test_registrations_show_no_trips_where_there_are_none(organiser, register, year):
    register()
    shown = organiser.get(f"/organise/editions/{year}/registrations")
    assert "Learning trip" not in shown.one("main").text


def test_registration_shows_every_trip_and_what_happened(organiser, page, add_trip, register, change_edition, year):
    add_trip("steel", capacity=1)
    add_trip("wine")
    add_trip("museum", later=True)
    reference = register("steel")
    waiting = register("steel")
    change(page, reference, "wine", "Swapped with Ana")
    shown = organiser.get(f"/organise/editions/{year}/registrations/{reference}")
    assert {row["data-trip"]: row["data-trip-status"] for row in shown.all("[data-trip]")} == {
        "steel": "cancelled",
        "wine": "confirmed",
        "museum": "none",
    }
    story = [item.get_text(" ", strip=True).partition("dofc.test ")[2] for item in shown.all(".timeline li")]
    assert story[2:] == ["Moved from “The steel trip” to “The wine trip” by hand: Swapped with Ana"]
    assert "Asked for a seat on “The steel trip”" in shown.text
    shown = organiser.get(f"/organise/editions/{year}/registrations/{waiting}")
    assert shown.one("[data-trip=steel]")["data-trip-status"] == "offered"
    assert "The seat is held until" in shown.one("[data-trip=steel]").text
    change(page, waiting, "-", "Fell ill")
    shown = organiser.get(f"/organise/editions/{year}/registrations/{waiting}")
    assert "Taken off “The steel trip” by hand: Fell ill" in shown.text
    add(page, waiting, "Is well again")
    shown = organiser.get(f"/organise/editions/{year}/registrations/{waiting}")
    assert "Put on “The steel trip” by hand: Is well again" in shown.text


def test_registration_says_that_any_other_trip_is_fine_in_a_draw(
    organiser, add_trip, register, writing, year, change_edition
):
    add_trip("steel")
    change_edition(trip_mode=TripMode.DRAW)
    reference = register("steel")
    address = f"/organise/editions/{year}/registrations/{reference}"
    assert "Wish 1" in organiser.get(address).one("[data-trip=steel]").text
    assert "Any other trip" not in organiser.get(address).text
    with writing() as session:
        session.scalars(select(Registration).where(Registration.reference == reference)).one().any_trip = True
    assert "Any other trip is fine" in organiser.get(address).text
