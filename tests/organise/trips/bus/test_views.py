"""The manifest at the bus: who may see it, who is on it and in which order, boarding, the file."""

import csv
import io
from datetime import timedelta

import pytest

from dofc_events.conference.queries import edition_by_year
from dofc_events.core.audit import COMMAND, history_of
from dofc_events.delegates.queries import registration_by_reference
from dofc_events.registration.trips import service as seats
from dofc_events.trips.queries import manifest_of, trip_by_slug
from tests.support.by_hand import take_off
from tests.support.databases import count_queries
from tests.support.factories import DELEGATE, NOW, make_edition, make_registration, make_trip

MANIFEST = "/organise/editions/2027/trips/cellars/manifest"
FILE = "/organise/editions/2027/trips/cellars.csv"
NEEDS = {"dietary": "No nuts", "access_needs": "A step-free bus"}


@pytest.fixture
def year(writing) -> int:
    """An edition with a trip of two seats in the evening of its first day."""
    with writing() as session:
        edition = make_edition(session, year=2027)
        begins = edition.begins_at() + timedelta(hours=9)
        details = {"title": "Wine cellars", "starts_at": begins, "ends_at": begins + timedelta(hours=3)}
        make_trip(session, edition, "cellars", capacity=2, **details)
    return 2027


@pytest.fixture
def join(writing, year):
    """`join(family_name="Kovač")`: the reference of somebody who asked for a seat."""

    def join(**changes) -> str:
        with writing() as session:
            person = make_registration(session, edition_by_year(session, year), **changes)
            seats.choose_trips(session, person.id, ["cellars"], any_trip=False, actor=DELEGATE, now=NOW)
            return person.reference

    return join


@pytest.fixture
def change_trip(writing, year):
    """`change_trip(needs_dietary=True)`: columns of the trip, or its `capacity`."""

    def change(**changes) -> None:
        with writing() as session:
            trip, pool = trip_by_slug(session, edition_by_year(session, year).id, "cellars")
            for name, value in changes.items():
                setattr(pool if name == "capacity" else trip, name, value)

    return change


def references(page, which="") -> list[str]:
    return [row["data-registration"] for row in page.all(f"tr[data-registration]{which}")]


def press(browser, reference: str, **options):
    """Press the button in somebody's row."""
    return browser.get(MANIFEST).form().submit(reference, **options)


def rows_of(answer) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")))


# Who may see what


def test_manifest_opens_for_those_at_the_bus_and_the_file_for_organisers_only(enter, edition, join):
    join()
    for role, of_edition, seen in (
        ("chair", None, (200, 200)),
        ("organiser", edition, (200, 200)),
        ("desk", edition, (200, 403)),
    ):
        browser = enter(role, of_edition)
        assert (browser.get(MANIFEST).status, browser.get(FILE).status) == seen, role


def test_manifest_is_hidden_from_another_editions_people(enter, edition, writing):
    with writing() as session:
        other = make_edition(session, year=2031)
    for role in ("organiser", "desk"):
        browser = enter(role, other)
        assert (browser.get(MANIFEST).status, browser.get(FILE).status) == (404, 404)


def test_desk_is_led_to_no_page_that_it_may_not_see(enter, edition, join):
    join()
    desk = enter("desk", edition)
    page = desk.get(MANIFEST)
    for link in page.all("a[href^='/']"):
        assert desk.get(link["href"]).status == 200, link["href"]


@pytest.mark.parametrize("path", ["2027/trips/nowhere/manifest", "2027/trips/nowhere.csv", "2031/trips/cellars.csv"])
def test_trip_that_is_not_there_is_not_found(enter, edition, writing, path):
    with writing() as session:
        make_edition(session, year=2031)
    assert enter("chair").get(f"/organise/editions/{path}").status == 404


# What it shows


def test_manifest_says_what_the_leader_needs(organiser, join):
    person = join(given_name="Ana", family_name="Kovač", badge_name="Anči", phone="+381 11 123 4567", **NEEDS)
    page = organiser.get(MANIFEST)
    assert page.h1 == "Wine cellars"
    for words in ("18:30–21:30", "(Sofia time)", "Meeting point: In front of the venue"):
        assert words in page.text
    row = page.one(f"#r-{person}")
    said = " ".join(row.get_text(" ").split())
    assert "Kovač, Ana Badge: Anči Trakya Cluster +381 11 123 4567 A step-free bus" in said
    assert row.select_one("a[href='tel:+381111234567']")


@pytest.mark.parametrize("dietary", [True, False])
@pytest.mark.parametrize("access", [True, False])
def test_manifest_and_file_say_of_food_and_access_what_the_trip_needs(organiser, join, change_trip, dietary, access):
    join(**NEEDS)
    change_trip(needs_dietary=dietary, needs_access=access)
    page, (row,) = organiser.get(MANIFEST), rows_of(organiser.get(FILE))
    assert ("No nuts" in page.text, "A step-free bus" in page.text) == (dietary, access)
    assert ("Dietary needs" in page.text, "Access needs" in page.text) == (dietary, access)
    assert (row.get("dietary"), row.get("access_needs")) == (
        "No nuts" if dietary else None,
        "A step-free bus" if access else None,
    )


def test_manifest_reads_like_a_roll_call_across_scripts(organiser, join, change_trip):
    names = [
        ("Zoë", "van Dijk"),
        ("Łucja", "öztürk"),
        ("Ana", "Ožbolt"),
        ("Νίκος", "Άνθης"),
        ("Boris", "Ozturk"),
        ("Анна", "Иванова"),
        ("Madonna", ""),
        ("지훈", "김"),
        ("Ébène", "Étoile"),
        ("ნინო", "აბაშიძე"),
    ]
    change_trip(capacity=len(names))
    people = {name: join(given_name=name[0], family_name=name[1]) for name in names}
    in_order = [names[i] for i in (8, 6, 2, 4, 1, 0, 3, 5, 9, 7)]
    assert references(organiser.get(MANIFEST)) == [people[name] for name in in_order]
    assert [row["reference"] for row in rows_of(organiser.get(FILE))] == [people[name] for name in in_order]


def test_manifest_lists_those_who_wait_below_in_their_order(organiser, join):
    # By name they would be the other way round.
    people = [join(family_name=name) for name in "FEDCB"]
    page = organiser.get(MANIFEST)
    assert references(page) == [people[1], people[0], *people[2:]]
    table = page.all("table")[1]
    assert [row.select_one("th").get_text().split() for row in table.select("tbody tr")] == [
        [f"{number}.", f"{name},", "Łucja"] for number, name in enumerate("DCB", start=1)
    ]
    assert [(row["status"], row["position"]) for row in rows_of(organiser.get(FILE))] == [
        *[("confirmed", "")] * 2,
        *[("waitlisted", str(number)) for number in (1, 2, 3)],
    ]


def test_manifest_puts_whoever_is_offered_a_seat_before_those_who_wait(organiser, join, writing, year):
    _, second, third, fourth = (join() for _ in range(4))
    with writing() as session:
        person = registration_by_reference(session, edition_by_year(session, year).id, second)
        take_off(session, person, "cellars", "asked by telephone", actor=COMMAND, now=NOW)
    page = organiser.get(MANIFEST)
    assert references(page)[1:] == [third, fourth]
    assert "Seat offered" in page.one(f"#r-{third}").get_text()
    assert page.one(f"#r-{fourth}").select_one("th").get_text().split()[0] == "1."
    assert [(row["status"], row["position"]) for row in rows_of(organiser.get(FILE))][1:] == [
        ("offered", ""),
        ("waitlisted", "1"),
    ]


def test_manifest_says_when_nobody_has_a_seat(organiser, year):
    page = organiser.get(MANIFEST)
    assert "Nobody has a seat on this trip yet." in page.text
    assert rows_of(organiser.get(FILE)) == []


def test_manifest_of_a_cancelled_trip_says_so(organiser, join, writing, edition):
    person = join()
    form = organiser.get(MANIFEST).form()
    with writing() as session:
        seats.cancel_trip(session, edition.id, "cellars", COMMAND, NOW)
    page = organiser.get(MANIFEST)
    assert "This trip was cancelled" in page.text
    assert not references(page) and not rows_of(organiser.get(FILE))
    assert "no longer has a seat on this trip" in form.submit(person).text


def test_manifest_costs_the_same_with_1_and_30_people(organiser, join, change_trip, register_many):
    def cost() -> list[int]:
        counts = []
        for path in (MANIFEST, FILE):
            with count_queries() as statements:
                assert organiser.get(path).status == 200
            counts.append(len(statements))
        return counts

    join()
    few = cost()
    change_trip(capacity=20)
    register_many(29, trips=("cellars",), **NEEDS)
    assert len(references(organiser.get(MANIFEST))) == 30
    assert cost() == few


# Boarding


def test_boarding_is_noted_and_can_be_taken_back(organiser, join, reading, edition):
    person, other = join(), join()
    answer = press(organiser, person, follow=False)
    assert (answer.status, answer.headers["Location"]) == (303, f"{MANIFEST}#r-{person}")
    page = organiser.get(MANIFEST)
    assert references(page, "[data-boarded]") == [person]
    assert page.one("[data-boarded-count]")["data-boarded-count"] == "1"
    assert rows_of(organiser.get(FILE))[references(page).index(person)]["boarded"] == "2026-11-02 14:00"

    page = press(organiser, person)
    assert references(page, "[data-boarded]") == []
    assert set(references(page)) == {person, other}
    with reading() as session:
        acts = [(entry.act, entry.details) for entry in history_of(session, person)]
    assert acts[-2:] == [("boarded", {"trip": "cellars"}), ("boarding_undone", {"trip": "cellars"})]


def test_boarding_from_two_telephones_is_noted_once(enter, edition, join, reading, clock):
    person = join()
    first, second = enter("desk", edition), enter("organiser", edition)
    pages = [browser.get(MANIFEST) for browser in (first, second)]
    for page in pages:
        assert references(page.form().submit(person), "[data-boarded]") == [person]
        clock.shift(60)
    pages = [browser.get(MANIFEST) for browser in (first, second)]
    for page in pages:
        assert references(page.form().submit(person), "[data-boarded]") == []
    with reading() as session:
        acts = [entry.act for entry in history_of(session, person)]
    assert (acts.count("boarded"), acts.count("boarding_undone")) == (1, 1)


def test_boarding_twice_keeps_the_first_time(enter, edition, join, reading, clock):
    person = join()
    pages = [enter("desk", edition).get(MANIFEST) for _ in range(2)]
    pages[0].form().submit(person)
    clock.shift(60)
    pages[1].form().submit(person)
    with reading() as session:
        _, pool = trip_by_slug(session, edition.id, "cellars")
        assert [claim.used_at for claim in manifest_of(session, pool.id).confirmed] == [NOW]


def test_boarding_fills_the_seats_of_those_who_did_not_come(organiser, join):
    absent, present, first, second = (join() for _ in range(4))
    press(organiser, present)
    # Whoever of the list is there; the first may not be.
    assert references(press(organiser, second), "[data-boarded]") == [present, second]
    page = press(organiser, first)
    assert "All seats on the bus are taken" in page.text
    assert references(page, "[data-boarded]") == [present, second]
    # The person holding the seat comes after all.
    page = press(organiser, absent)
    assert set(references(page, "[data-boarded]")) == {absent, present, second}
    assert "More people have boarded than there are seats" in page.text
    assert "More people have boarded" not in press(organiser, second).text


def test_boarding_is_refused_without_a_seat(organiser, join, writing, edition, reading):
    person = join()
    form = organiser.get(MANIFEST).form()
    with writing() as session:
        found = registration_by_reference(session, edition.id, person)
        seats.choose_trips(session, found.id, [], any_trip=False, actor=DELEGATE, now=NOW)
    assert "no longer has a seat on this trip" in form.submit(person).text
    with reading() as session:
        assert "boarded" not in [entry.act for entry in history_of(session, person)]


@pytest.mark.parametrize("pressed", [{"board": "ABCD-0000"}, {"undo": "ABCD-0000"}, {}])
def test_boarding_of_nobody_is_not_found(organiser, join, writing, pressed):
    join()
    with writing() as session:
        elsewhere = make_registration(session, make_edition(session, year=2031)).reference
    token = organiser.get(MANIFEST).form().value("csrf_token")
    assert organiser.post(MANIFEST, {"csrf_token": token, **pressed}).status == 404
    assert organiser.post(MANIFEST, {"csrf_token": token, "board": elsewhere}).status == 404


def test_boarding_needs_the_pages_token(organiser, join, reading):
    person = join()
    page = organiser.post(MANIFEST, {"board": person})
    assert page.status == 400
    assert references(page, "[data-boarded]") == []


# The file


def test_file_is_a_table_with_stable_columns(organiser, join, change_trip):
    change_trip(needs_dietary=True)
    person = join(
        given_name="Ana",
        family_name="Kovač",
        organisation='Fruit, "Nuts" & Co',
        phone="+381 11 123 4567",
        dietary="No nuts\r\nNo shellfish",
        access_needs="=HYPERLINK(…)",
    )
    answer = organiser.get(FILE)
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="cellars-2027.csv"'
    assert answer.data.decode("utf-8") == (
        "\ufeffreference,status,position,family_name,given_name,badge_name,organisation,phone,dietary,access_needs,boarded"
        f'\r\n{person},confirmed,,Kovač,Ana,,"Fruit, ""Nuts"" & Co",+381 11 123 4567,"No nuts\nNo shellfish",'
        "'=HYPERLINK(…),\r\n"
    )
