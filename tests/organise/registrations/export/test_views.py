"""The list of registrations as a file, and the lists for the caterer and for name tags."""

import tracemalloc

import pytest
from sqlalchemy import QueuePool, select, text, update

from benchmarks.crowd import add_crowd
from dofc_events.conference.queries import edition_by_year
from dofc_events.core.db import db
from dofc_events.delegates.queries import registration_by_reference
from dofc_events.organise.registrations.export import queries as export_queries
from dofc_events.organise.registrations.queries import Order
from dofc_events.places.models import Claim, Pool
from dofc_events.places.rules import ClaimStatus
from dofc_events.registration.queries import Audience, Filters
from dofc_events.registration.service import cancel_registration
from tests.support.databases import count_queries
from tests.support.factories import (
    DELEGATE,
    NOW,
    make_edition,
    make_registration,
    make_three_trips,
    seat_of,
)
from tests.support.sheets import dicts, read_csv, read_xlsx

FILES = {"csv": read_csv, "xlsx": read_xlsx}
KEPT = ("registrations", "lists/caterer", "lists/name-tags")
LISTS = ("lists/caterer", *(f"{name}.{kind}" for name in KEPT for kind in ("csv", "xlsx")))
QUERIES = (
    "",
    "q=ana",
    "q=zikic",
    "q=nobody-at-all",
    "status=waitlisted",
    "status=confirmed",
    "status=cancelled&country=RS",
    "category=guest",
    "country=GR&sort=name",
    "trip=wine",
    "dietary=1&visa_letter=1",
    "language=en",
    "organisation=Niš Cluster",
    "returning=1",
    "continent=142",
    "since=2026-10-20T12:00:00%2B00:00",
    "sort=name",
    "sort=organisation",
    "sort=country",
    "sort=status",
    "sort=category",
    "sort=-category&category=guest",
)
NASTY = 'No nuts,\nno "shellfish"; 🌾 семь, επτά, 일곱'


@pytest.fixture
def register(writing, year):
    """`register(given_name="Ana")`: the reference of somebody who registered."""

    def register(**changes) -> str:
        with writing() as session:
            return make_registration(session, edition_by_year(session, year), **changes).reference

    return register


@pytest.fixture
def address(year):
    return f"/organise/editions/{year}"


@pytest.fixture
def exported(organiser, address):
    """`exported("csv", "q=ana")`: the rows of the file, by the names of its columns."""

    def exported(kind: str, query: str = "") -> list[dict[str, str]]:
        return dicts(FILES[kind](organiser.get(f"{address}/registrations.{kind}?{query}").data))

    return exported


def listed(organiser, address: str, query: str) -> tuple[list[str], int]:
    """The references on every page of the list, and the total that it says."""
    page, references = organiser.get(f"{address}/registrations?{query}"), []
    total = int(page.one("[data-total]")["data-total"])
    while True:
        references += [row["data-registration"] for row in page.all("tr[data-registration]")]
        if not page.all("a[rel=next]"):
            return references, total
        page = organiser.get(page.one("a[rel=next]")["href"])


def connections_in_use(app) -> int:
    with app.app_context():
        pool = db.engine.pool
    assert isinstance(pool, QueuePool)
    return pool.checkedout()


# Who gets them


def test_lists_are_for_organisers_of_the_edition(client, enter, edition, writing, address):
    with writing() as session:
        other = make_edition(session, year=2031)
    chair, theirs = enter("chair"), enter("organiser", other)
    organiser, desk = enter("organiser", edition), enter("desk", edition)
    for name in LISTS:
        path = f"{address}/{name}"
        answers = [browser.get(path, follow=False).status for browser in (organiser, chair, desk, theirs, client)]
        assert answers == [200, 200, 403, 404, 303], name
        assert chair.get(f"/organise/editions/2099/{name}").status == 404


# The list as a file


def test_files_have_what_the_list_has_under_every_filter(organiser, exported, register, writing, year, address):
    with writing() as session:
        edition = edition_by_year(session, year)
        trips = make_three_trips(session, edition)
        add_crowd(session, edition, 120, NOW, trips)
    register(given_name="Ana", family_name="Žikić", country="RS", organisation="Niš Cluster", trips=("wine",))
    sizes = set()
    for query in QUERIES:
        references, total = listed(organiser, address, query)
        assert len(references) == total, query
        for kind in FILES:
            assert [row["reference"] for row in exported(kind, query)] == references, (query, kind)
        sizes.add(total)
    # The filters do narrow.
    assert {0, 1, 121} < sizes and len(sizes) > 7, sizes


@pytest.mark.parametrize("kind", FILES)
def test_file_says_everything_about_somebody(exported, register, year, kind):
    reference = register(
        given_name="Ђорђе",
        family_name="Жикић",
        badge_name="Djordje",
        email="djordje@dofc.test",
        organisation="=1+1 Cluster",
        job_title="Директор",
        country="RS",
        phone="+381 11 123 4567",
        category="guest",
        dietary=NASTY,
        access_needs="A ramp",
        visa_letter=True,
    )
    # A spreadsheet takes what begins like this for a formula, unless the file says that it is text.
    typed = "'" if kind == "csv" else ""
    # 2 November 2026, 14:00 in Sofia, as days since the last but one of 1899.
    at = "2026-11-02T14:00:00+02:00" if kind == "csv" else "46328.58333333334"
    assert exported(kind) == [
        {
            "reference": reference,
            "status": "confirmed",
            "position": "",
            "given_name": "Ђорђе",
            "family_name": "Жикић",
            "badge_name": "Djordje",
            "email": "djordje@dofc.test",
            "organisation": f"{typed}=1+1 Cluster",
            "job_title": "Директор",
            "country": "RS",
            "country_name": "Serbia",
            "phone": "+381 11 123 4567",
            "category": "guest",
            "category_label": "Guest",
            "dietary": NASTY,
            "access_needs": "A ramp",
            "visa_letter": "yes",
            "photo_consent": "yes",
            "language": "en",
            "registered_at": at,
            "consented_at": at,
            "any_trip": "no",
            "tags": "",
            "note": "",
            "arrived_at": "",
            "arrived_on": "",
            "group": "",
            "group_name": "",
            "own_address": "yes",
        }
    ]


def test_file_is_named_after_the_edition(organiser, address, year):
    for kind in FILES:
        answer = organiser.get(f"{address}/registrations.{kind}")
        assert answer.headers["Content-Disposition"] == f'attachment; filename="registrations-{year}.{kind}"'
        assert answer.headers["Cache-Control"] == "no-store"


def test_file_says_the_position_of_those_who_wait(exported, register, writing, monkeypatch):
    references = [register() for _number in range(4)]
    with writing() as session:
        make_registration(session, make_edition(session, year=2031, capacity=0))
    expected = {references[0]: "", references[1]: "", references[2]: "1", references[3]: "2"}
    assert {row["reference"]: row["position"] for row in exported("csv")} == expected
    assert [row["position"] for row in exported("csv", f"q={references[3]}")] == ["2"]
    for few in (1, 2):
        monkeypatch.setattr(export_queries, "FEW", few)
        assert [row["position"] for row in exported("csv", "status=waitlisted")] == ["1", "2"]


@pytest.mark.databases("sqlite", "postgresql")
def test_file_has_every_state_of_a_seat(exported, writing, year):
    with writing() as session:
        edition = edition_by_year(session, year)
        wine, mill, _port = make_three_trips(session, edition)
        # Called off, and yet somebody had a seat.
        mill.cancelled_at = NOW
        expected = {make_registration(session, edition).reference: ["none", "none", "none"]}
        for number, status in enumerate(ClaimStatus, start=1):
            person = make_registration(session, edition, trips=("wine",))
            expected[person.reference] = [str(status), "cancelled", "none"]
            seat = seat_of(session, person, wine)
            seat.status, seat.offered_until = status, NOW if status == ClaimStatus.OFFERED else None
            seat.position = 100 + number if status in (ClaimStatus.WAITLISTED, ClaimStatus.REQUESTED) else None
            pool_id = session.scalars(select(Pool.id).where(Pool.trip_id == mill.id)).one()
            ended = {"status": ClaimStatus.CANCELLED, "changed_at": NOW}
            session.add(Claim(registration_id=person.id, pool_id=pool_id, **ended))
    rows = exported("csv")
    assert {r["reference"]: [r["trip_wine"], r["trip_mill"], r["trip_port"]] for r in rows} == expected


@pytest.mark.parametrize("query", ["status=nonsense", "sort=nonsense", "since=yesterday"])
def test_file_is_not_there_for_a_filter_that_is_none(organiser, address, query):
    for kind in FILES:
        assert organiser.get(f"{address}/registrations.{kind}?{query}").status == 404


def test_list_leads_to_the_same_as_a_file(organiser, exported, register, address):
    register(given_name="Ana"), register(given_name="Anton"), register(given_name="Bojan")
    page = organiser.get(f"{address}/registrations?q=an&sort=name")
    assert "All 2 rows" in page.text
    (workbook,) = {link["href"] for link in page.all('a[href*="registrations.xlsx"]')}
    assert len(read_xlsx(organiser.get(workbook).data)) == 1 + 2
    link = page.one('a[href*="registrations.csv"]')["href"]
    assert [row["given_name"] for row in exported("csv", link.partition("?")[2])] == ["Ana", "Anton"]


@pytest.mark.databases("sqlite", "postgresql")
@pytest.mark.parametrize("kind", FILES)
def test_file_costs_the_same_queries_for_1_and_40_people(organiser, writing, year, address, kind, monkeypatch):
    monkeypatch.setattr(export_queries, "CHUNK", 10)

    def cost() -> int:
        with count_queries() as statements:
            rows = FILES[kind](organiser.get(f"{address}/registrations.{kind}").data)
        costs.append(len(statements))
        return len(rows) - 1

    costs: list[int] = []
    with writing() as session:
        edition = edition_by_year(session, year)
        trips = make_three_trips(session, edition)
        make_registration(session, edition, trips=("wine",))
    assert cost() == 1
    with writing() as session:
        add_crowd(session, edition_by_year(session, year), 39, NOW, trips)
    assert cost() == 40
    # Four of them ask who it is, and whether that needs a second factor.
    assert costs[0] == costs[1] <= 10


@pytest.mark.databases("sqlite")
def test_session_ends_with_the_file_although_the_reader_goes_away(app, organiser, writing, year, address, monkeypatch):
    monkeypatch.setattr(export_queries, "CHUNK", 10)
    with writing() as session:
        add_crowd(session, edition_by_year(session, year), 600, NOW)
    for method in ("GET", "HEAD"):
        answer = organiser._client.open(f"{address}/registrations.csv", method=method, buffered=False)
        if method == "GET":
            assert next(answer.iter_encoded()).startswith("\ufeffreference,".encode())
            assert connections_in_use(app) == 1
        answer.close()
        assert connections_in_use(app) == 0, method


def test_rows_are_read_a_chunk_at_a_time(reading, writing, year):
    with writing() as session:
        edition = edition_by_year(session, year)
        trips = make_three_trips(session, edition)
        add_crowd(session, edition, 2000, NOW, trips)
    with reading() as session:
        options: dict = {"order": Order(), "trips": trips, "questions": (), "zone": edition.zone, "language": "en"}
        options["link_to"] = str
        # What is loaded and compiled once is not the rows'.
        assert not list(export_queries.export_rows(session, edition.id, Audience(Filters(q="nobody")), **options))
        tracemalloc.start()
        rows = export_queries.export_rows(session, edition.id, Audience(), **options)
        next(rows)
        if session.get_bind().dialect.name == "postgresql":
            assert session.scalar(text("SELECT count(*) FROM pg_cursors")) == 1
        assert sum(1 for _row in rows) == 1999
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    # All 2000 rows would take 6 MB.
    assert peak < 2 * 2**20


# For the caterer


@pytest.fixture
def hungry(register, writing, year):
    """Six people who registered for five places; the fifth cancels, the sixth is offered the place."""
    with writing() as session:
        session.execute(update(Pool).values(capacity=5))
    register(given_name="Ana", family_name="Žikić", dietary="Vegan", access_needs="A ramp,\nplease")
    register(given_name="Bojan", family_name="Àbel", badge_name="Bo", dietary="vegan", country="GR")
    register(given_name="Vesna", family_name="", dietary="vegan", category="company", organisation="=Mill")
    register(given_name="Georgi", family_name="Zlatev")
    leaves, _is_offered = register(dietary="Halal"), register(dietary="Kosher")
    with writing() as session:
        found = registration_by_reference(session, edition_by_year(session, year).id, leaves)
        cancel_registration(session, found.id, DELEGATE, NOW)


def test_caterer_reads_how_many_need_what_and_no_name(organiser, address, hungry):
    page = organiser.get(f"{address}/lists/caterer")
    tables = [
        [[c.get_text(strip=True) for c in row.select("th, td")] for row in t.select("tbody tr")]
        for t in page.all("table")
    ]
    assert tables == [[["vegan", "3"]], [["A ramp,\nplease", "1"]]]
    assert [figure.get_text() for figure in page.all(".figures dd")] == ["4", "3", "1"]
    assert not any(words in page.text for words in ("Ana", "Bojan", "Halal", "Kosher"))


def test_caterers_numbers_are_those_of_the_lists_behind_them(organiser, address, hungry):
    page = organiser.get(f"{address}/lists/caterer")
    assert len(page.all(".figures a")) == 2
    for link in page.all(".figures a"):
        assert organiser.get(link["href"]).one("[data-total]")["data-total"] == link.get_text()


def test_caterer_has_the_same_as_a_file(organiser, address, hungry):
    assert dicts(read_csv(organiser.get(f"{address}/lists/caterer.csv").data)) == [
        {"about": "dietary", "need": "vegan", "delegates": "3"},
        {"about": "access_needs", "need": "A ramp,\nplease", "delegates": "1"},
    ]


def test_caterer_reads_that_nobody_said_anything(organiser, address):
    page = organiser.get(f"{address}/lists/caterer")
    assert "given any dietary needs" in page.text and "given any access needs" in page.text


def test_lists_for_the_caterer_cost_the_same_with_1_and_30_needs(organiser, register, writing, address):
    def cost() -> int:
        with count_queries() as statements:
            organiser.get(f"{address}/lists/caterer")
        return len(statements)

    with writing() as session:
        session.execute(update(Pool).values(capacity=40))
    register(dietary="Vegan")
    few = cost()
    for number in range(29):
        register(dietary=f"No {number}")
    assert cost() == few


# For name tags


def test_name_tags_have_the_family_name_first_where_it_is_said_first(organiser, address, register):
    register(given_name="János", family_name="Kovács", country="HU")
    register(given_name="민준", family_name="김", country="KR")
    rows = read_csv(organiser.get(f"{address}/lists/name-tags.csv").data)
    assert [row[0] for row in rows[1:]] == ["Kovács János", "김민준"]


def test_name_tags_are_of_those_who_come_as_names_are_read_aloud(organiser, address, hungry, year):
    answer = organiser.get(f"{address}/lists/name-tags.csv")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="name-tags-{year}.csv"'
    rows = read_csv(answer.data)
    assert rows[0] == ["name", "organisation", "country_name", "category_label"]
    assert [row[0] for row in rows[1:]] == ["Bo", "Vesna", "Ana Žikić", "Georgi Zlatev"]
    assert rows[1][2] == "Greece"
    assert rows[2][1:] == ["'=Mill", "Türkiye", "Company"]
