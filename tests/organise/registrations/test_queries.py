"""The list of registrations: what it finds, in which order, and whether its numbers agree."""

import itertools
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from sqlalchemy import insert, text, update

from dofc_events.core.countries import country_names
from dofc_events.organise.registrations import queries
from dofc_events.organise.registrations.export.queries import export_rows
from dofc_events.organise.registrations.queries import Edge, Order, Sort
from dofc_events.places.models import Claim, Pool
from dofc_events.places.rules import ClaimStatus
from dofc_events.questions.models import Answer
from dofc_events.registration.queries import Audience, Filters
from dofc_events.registration.service import cancel_registration
from dofc_events.registration.trips.service import choose_trips
from tests.support.crowd import make_crowd
from tests.support.databases import count_queries
from tests.support.factories import DELEGATE, NOW, claim_of, make_edition, make_question, make_registration, make_trip

# Belarus, Bulgaria, Croatia, Germany, Greece, Serbia, Türkiye: not in the order of their codes.
RANKS = {code: number for number, code in enumerate(country_names("en"))}
# What is asked for, and which of the four people are found.
FOUND = [
    ({"q": "ZO"}, [1, 0]),
    ({"q": "ω zoë"}, [0]),
    ({"q": "niš"}, [1]),
    ({"q": "djordje"}, [3]),
    ({"q": "Zqwy%"}, [2]),
    ({"q": "nobody"}, []),
    ({"status": "waitlisted"}, [3, 2]),
    ({"status": "confirmed", "country": "RS"}, [1]),
    ({"category": "guest"}, [0]),
    ({"category": "no-such"}, []),
    ({"dietary": "1"}, [3, 0]),
    ({"visa_letter": "1"}, [3, 2]),
    ({"language": "sr"}, [2]),
    ({"visa_letter": "1", "dietary": "1", "country": "DE", "q": "ђорђе", "status": "waitlisted"}, [3]),
    ({"visa_letter": "1", "dietary": "1", "country": "DE", "q": "ђорђе", "status": "confirmed"}, []),
    ({"trip": "mill"}, [2, 1]),
    ({"trip": "mill", "status": "confirmed"}, [1]),
]


def ranks(session, edition_id: int, sort: Sort) -> queries.Ranks:
    if sort is Sort.CATEGORY:
        return {category.id: number for number, category in enumerate(queries.categories(session, edition_id))}
    return RANKS


def rows_of(session, edition, sort=Sort.NEWEST, edge=None, rows=50, reverse=False, **filters) -> list[queries.Row]:
    given, order = Filters(**filters), Order(sort, reverse)
    return queries.registrations(
        session, edition.id, given, order=order, ranks=ranks(session, edition.id, sort), edge=edge, rows=rows
    )


def found(session, edition, sort=Sort.NEWEST, **more) -> list[str]:
    return [row.registration.reference for row in rows_of(session, edition, sort, **more)]


@pytest.fixture
def edition(session):
    return make_edition(session, capacity=2)


@pytest.fixture
def people(session, edition):
    """Four people: with a place, with a place, waiting, waiting."""
    return [
        make_registration(
            session, edition, given_name="Zoë", family_name="Ω", country="GR", category="guest", dietary="Vegan"
        ),
        make_registration(session, edition, given_name="Zoran", organisation="Niš Cluster", country="RS"),
        make_registration(session, edition, given_name="Zqwy%", country="RS", visa_letter=True, language="sr"),
        make_registration(session, edition, given_name="Ђорђе", country="DE", visa_letter=True, dietary="халал"),
    ]


def test_filters_narrow_the_list_and_its_counts_alike(session, edition, people):
    make_trip(session, edition, "mill")
    for person in people[1:3]:
        choose_trips(session, person.id, ["mill"], any_trip=False, actor=DELEGATE, now=NOW)
    for filters, numbers in FOUND:
        assert found(session, edition, **filters) == [people[n].reference for n in numbers], filters
        counts = queries.counts(session, edition.id, Filters(**filters))
        assert (counts.total, counts.more) == (len(numbers), False), filters


@pytest.mark.databases("sqlite")
def test_counts_by_status_are_under_all_other_filters(session, edition, people):
    counts = queries.counts(session, edition.id, Filters(status="waitlisted", country="RS"))
    found = {status.value: count for status, count in (counts.by_status or {}).items() if count}
    assert (found, counts.total) == ({"confirmed": 1, "waitlisted": 1}, 1)


def test_of_very_many_it_is_counted_that_there_are_more(session, edition, people, monkeypatch):
    monkeypatch.setattr(queries, "COUNTED", 2)
    assert queries.counts(session, edition.id, Filters(country="RS")).total == 2
    narrowed = Filters(category="company")
    assert queries.counts(session, edition.id, narrowed) == queries.Counts(2, True, None)
    confirmed = queries.counts(session, edition.id, replace(narrowed, status="confirmed"))
    assert confirmed == queries.Counts(1, False, None)
    # All of them are in an index: that number is always known.
    assert queries.counts(session, edition.id, Filters()).total == 4


@pytest.mark.databases("sqlite")
def test_other_editions_do_not_show(session, edition, people):
    other = make_edition(session, year=2031)
    make_registration(session, other, given_name="Zoran", language="mk", country="MK")
    assert len(found(session, edition, q="zo")) == 2
    assert queries.present(session, edition.id) == queries.Present(
        frozenset({"GR", "RS", "DE"}), frozenset({"en", "sr"})
    )


def test_those_who_wait_have_their_place_in_line_under_any_filter(session, edition, people):
    later = make_registration(session, edition, given_name="Zora")
    make_registration(session, make_edition(session, year=2031, capacity=0))
    assert [row.position for row in rows_of(session, edition)] == [3, 2, 1, None, None]
    (row,) = rows_of(session, edition, q=later.reference)
    assert (row.registration, row.position) == (later, 3)


# In which order


@pytest.mark.databases("sqlite")
def test_newest_come_first(session, edition, people):
    assert found(session, edition) == [p.reference for p in reversed(people)]


@pytest.mark.databases("sqlite")
def test_names_stand_as_they_are_read_aloud(session, edition):
    in_order = ["Abel", "Čapek", "de Vries", "Đorđević", "Dudić", "Östlund", "Zorić", "Ωmega"]
    in_order += ["Абрам", "Дурић", "Ђурић", "Јовић", "Љубић", "Шарић", "ქავთარაძე", "김"]
    for name in reversed(in_order):
        make_registration(session, edition, family_name=name)
    make_registration(session, edition, given_name="Borat", family_name="")
    rows = rows_of(session, edition, Sort.NAME)
    assert [row.registration.family_name for row in rows] == ["Abel", "", *in_order[1:]]


@pytest.mark.databases("sqlite")
def test_organisations_and_countries_stand_as_a_reader_looks_for_them(session, edition):
    for organisation, country in [("zeta", "DE"), ("Éclair", "BG"), ("alpha", "GR"), ("Delta", "HR"), ("Delta", "BG")]:
        make_registration(session, edition, organisation=organisation, country=country)
    by_organisation = [row.registration.organisation for row in rows_of(session, edition, Sort.ORGANISATION)]
    assert by_organisation == ["alpha", "Delta", "Delta", "Éclair", "zeta"]
    by_country = [row.registration.country for row in rows_of(session, edition, Sort.COUNTRY)]
    assert by_country == ["BG", "BG", "HR", "DE", "GR"]


@pytest.mark.databases("sqlite")
def test_the_list_stands_by_status_with_the_waiting_list_in_line(session, edition, people):
    later = make_registration(session, edition)
    # As if the first had joined the list again.
    claim_of(session, people[3]).position = 100
    cancel_registration(session, people[0].id, DELEGATE, NOW)
    statuses = [(row.status.value, row.registration) for row in rows_of(session, edition, Sort.STATUS)]
    assert statuses == [
        ("confirmed", people[1]),
        ("offered", people[2]),
        ("waitlisted", later),
        ("waitlisted", people[3]),
        ("cancelled", people[0]),
    ]


def test_pages_add_up_to_the_list_in_every_order_and_back(session, edition):
    """With equal keys too: several have the same name, organisation and country."""
    for number in range(11):
        country, name = ("RS", "BG", "TR")[number % 3], f"Name {number % 4}"
        category = ("member", "guest")[number % 2]
        make_registration(session, edition, family_name=name, organisation=name, country=country, category=category)
    for sort, reverse in itertools.product(Sort, (False, True)):
        _assert_that_pages_add_up(session, edition, sort, reverse)


def _assert_that_pages_add_up(session, edition, sort: Sort, reverse: bool) -> None:
    order = Order(sort, reverse)
    whole = found(session, edition, sort, reverse=reverse)
    assert reverse == (whole != found(session, edition, sort)), order
    pages: list[list[queries.Row]] = []
    edge = None
    while rows := rows_of(session, edition, sort, edge, 3, reverse):
        pages.append(rows)
        edge = Edge(rows[-1].key, rows[-1].registration.id)
    assert [row.registration.reference for page in pages for row in page] == whole, order
    for number in (1, 2, 3):
        first = pages[number][0]
        back = Edge(first.key, first.registration.id, back=True)
        assert rows_of(session, edition, sort, back, 3, reverse) == pages[number - 1], order
        before = queries.count_before(
            session, edition.id, Filters(), first, order=order, ranks=ranks(session, edition.id, sort)
        )
        assert before == 3 * number, order


@pytest.mark.databases("sqlite")
def test_a_page_goes_on_where_the_last_row_stood_whatever_became_of_it(session, edition):
    people = [make_registration(session, edition) for _number in range(6)]
    last = rows_of(session, edition, Sort.STATUS)[2]
    assert last.registration is people[2]
    cancel_registration(session, people[2].id, DELEGATE, NOW)
    rows = rows_of(session, edition, Sort.STATUS, Edge(last.key, last.registration.id))
    assert [row.registration for row in rows] == [*people[3:], people[2]]


# What it costs


def test_counts_and_list_cost_the_same_with_many(session, edition):
    def cost() -> int:
        session.expire_all()
        edition_id = edition.id
        ranked = {sort: ranks(session, edition_id, sort) for sort in Sort}
        with count_queries() as statements:
            for sort in Sort:
                for row in queries.registrations(session, edition_id, Filters(), order=Order(sort), ranks=ranked[sort]):
                    assert row.registration.category.label
            queries.counts(session, edition_id, Filters())
            queries.present(session, edition_id)
        return len(statements)

    make_registration(session, edition)
    few = cost()
    make_crowd(session, edition, 29)
    assert cost() == few == len(Sort) + 2


@pytest.mark.databases("sqlite")
def test_a_page_takes_as_many_steps_of_few_as_of_many(session, edition):
    """What the database does, in its own steps: a page, or a file, of three hundred is found as one of sixty is."""
    size = make_question(session, edition, "size", options=("S", "M"))
    arrival = make_question(session, edition, "arrival", "date")
    session.execute(update(Pool).where(Pool.edition_id == edition.id).values(capacity=1000))
    driver = session.connection().connection.driver_connection
    file: dict[str, Any] = {"order": Order(), "trips": (), "questions": (), "zone": edition.zone, "language": "en"}
    file["link_to"] = str

    def crowd(count: int) -> None:
        people = make_crowd(session, edition, count, country="RS" if count > 60 else "BG")
        said = (
            (size.id, "s" if count > 60 else "m", ""),
            (arrival.id, "", "2027-05-01" if count > 60 else "2027-04-30"),
        )
        answers = [
            {"registration_id": one.id, "question_id": question, "choice": choice, "text": text}
            for one in people
            for question, choice, text in said
        ]
        session.execute(insert(Answer), answers)
        if count > 60:
            theirs = Claim.registration_id.in_([one.id for one in people])
            session.execute(update(Claim).where(theirs).values(status=ClaimStatus.CANCELLED))

    def steps(read: Callable[[], object]) -> int:
        taken = itertools.count()
        driver.set_progress_handler(lambda: next(taken) < 0, 10)
        read()
        driver.set_progress_handler(None, 10)
        return next(taken)

    def taken() -> list[int]:
        pages: list[dict[str, Any]] = [*({"sort": sort} for sort in Sort), {"answers": "arrival:on:2027-04-30"}]
        pages += [
            {"answers": "size:m"},
            {"answers": "arrival:on:2027-04-30"},
            {"country": "BG"},
            {"status": "confirmed"},
        ]
        reads: list[Callable[[], object]] = [partial(rows_of, session, edition, rows=20, **page) for page in pages]
        reads.append(lambda: [*export_rows(session, edition.id, Audience(Filters(answers="size:m")), **file)])
        reads.append(lambda: queries.present(session, edition.id))
        reads.append(lambda: queries.tags_at(session, edition.id))
        reads.append(lambda: queries.arrival_days(session, edition.id))
        return [steps(read) for read in reads]

    make_registration(session, edition, country="RS")
    crowd(60)
    few = taken()
    crowd(240)
    many = taken()
    assert all(now <= before * 1.1 + 1 for before, now in zip(few, many, strict=True)), (few, many)


@pytest.mark.databases("postgresql")
def test_each_search_is_planned_for_what_is_searched_for(session, edition, people):
    """After some repetitions a prepared statement would get one plan for all words, the rare and the frequent."""
    for _number in range(12):
        for words in ("zo", ""):
            queries.counts(session, edition.id, Filters(q=words))
    prepared = session.scalars(text("SELECT statement FROM pg_prepared_statements")).all()
    assert [s for s in prepared if "count" in s] and not [s for s in prepared if "FROM search_words" in s]
