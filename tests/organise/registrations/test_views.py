"""The page with the list of registrations: search, filters, order, columns and pages, all of them in the address."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from dofc_events.conference.queries import edition_by_year
from dofc_events.delegates.service import refresh_search
from dofc_events.registration.service import cancel_registration
from tests.support.crowd import make_crowd
from tests.support.databases import count_queries
from tests.support.factories import DELEGATE, NOW, make_edition, make_registration, make_trip


@pytest.fixture
def see(organiser, year):
    """`see("sort=name")`: the list under this address."""
    return lambda query="": organiser.get(f"/organise/editions/{year}/registrations?{query}")


def references(page) -> list[str]:
    return [row["data-registration"] for row in page.all("tr[data-registration]")]


def total(page) -> int:
    return int(page.one("[data-total]")["data-total"])


def headings(page) -> list[str]:
    return [cell.text for cell in page.all("table.list thead th")]


def test_list_says_what_to_expect_when_it_is_empty(see):
    page = see()
    assert total(page) == 0
    assert "Nobody has registered yet" in page.text and "as a file" not in page.text


def test_list_shows_searches_and_filters(see, register):
    first, second = register(given_name="Ana"), register(given_name="Bojan", visa_letter=True)
    third = register(given_name="Анастасија")
    page = see()
    assert references(page) == [third, second, first]
    assert total(page) == 3
    assert "Invitation letter" in page.one(f"tr[data-registration='{second}']").text

    page = page.form(".filters").fill(q="ан", status="waitlisted").submit()
    assert references(page) == [third]
    assert total(page) == 1
    assert page.form(".filters").value("status") == "waitlisted"

    page = page.form(".filters").fill(q="nobody at all").submit()
    assert "No registrations match" in page.text and "as a file" not in page.text
    assert total(page.follow("Show all")) == 3


def test_list_finds_a_name_from_another_keyboard(see, register):
    reference = register(given_name="Đorđe", family_name="Жикић")
    register(given_name="Jorge")
    for words in ("djordje", "dorde zikic", "Ђорђе", "žikić", reference.replace("-", "").lower()):
        assert references(see().form(".filters").fill(q=words).submit()) == [reference], words


def test_filters_add_up_and_each_can_be_removed(see, register, writing, year):
    with writing() as session:
        make_trip(session, edition_by_year(session, year), "mill", title="The mill")
    wanted = register(country="DE", category="guest", dietary="Vegan", visa_letter=True, language="de", trips=("mill",))
    register(country="DE", category="guest", dietary="Vegan", visa_letter=True, language="de")
    register(country="DE", category="guest", dietary="Vegan", language="sr")
    page = see().form(".filters").fill(country="DE", category="guest", language="de", trip="mill").submit()
    page = page.form(".filters").fill(dietary=True, visa_letter=True).submit()
    assert references(page) == [wanted]
    set_filters = [item.text for item in page.all(".filters-set li")]
    expected = (
        "Germany",
        "Category: Guest",
        "Language: German",
        "Learning trip: The mill",
        "Need an invitation letter",
    )
    for words in expected:
        assert any(words in said for said in set_filters), words
    fewer = page.follow("Remove: Learning trip: The mill ✕")
    assert total(fewer) == 2 and fewer.form(".filters").value("trip") == ""
    assert total(fewer.follow("Remove: Language: German ✕").follow("Remove: Need an invitation letter ✕")) == 3


def test_filters_that_links_set_stay_when_the_form_is_sent(see, register):
    register(organisation="Niš Cluster")
    late = register(organisation="Niš Cluster", now=NOW + timedelta(minutes=1))
    register(now=NOW + timedelta(minutes=1))
    page = see("since=2026-11-02T12:00:30%2B00:00&organisation=Niš Cluster").form(".filters").fill(q="niš").submit()
    assert references(page) == [late]
    for words in ("Registered after", "From “Niš Cluster”"):
        assert words in page.one(".filters-set").text


def test_counts_in_the_form_are_those_of_the_lists_they_lead_to(see, register, writing):
    for country in ("RS", "RS", "RS", "TR"):
        reference = register(country=country)
    options = {o["value"]: o.text for o in see("country=RS").all("#status option")}
    for status, words in options.items():
        page = see(f"country=RS&status={status}")
        assert words.endswith(f"({total(page)})") and len(references(page)) == total(page), words
    assert reference not in references(see("country=RS"))


UNKNOWN = (
    *("status=nonsense", "sort=nonsense", "sort=--name", "columns=nonsense", "columns=status&columns=x"),
    *("country=QQ", "country=rs", "dietary=yes", "visa_letter=2", "since=yesterday", "category=%00", "q=%00"),
)
STRANGE = (
    *("after=99999999999999999999", "after=-5", "after=x", "q=%25_%5C", "category=no-such", "trip=no-such"),
    *("sort=name&after=1", "sort=name&after=99999999999999999999&from=%F4%8F%BF%BF"),
    *("sort=status&after=1&from=x", f"sort=status&after=1&from={'9' * 5000}", "sort=country&after=1&from=-1"),
    *("sort=country&after=1&from=999999999999", "sort=status&after=1&from=٣", "language=xx", "country=AQ"),
    *("before=5", "before=x", "sort=-name&before=3&from=x", "sort=-category&after=1&from=x", "sort=-newest&before=-1"),
    *("sort=&columns=status", "continent=xx", "organisation=no+such"),
)


def test_list_knows_no_other_values(see, register):
    register()
    assert {query: see(query).status for query in UNKNOWN} == dict.fromkeys(UNKNOWN, 404)


@pytest.mark.databases("sqlite", "postgresql")
def test_list_stands_strange_addresses(see, register):
    register()
    assert {query: see(query).status for query in STRANGE} == dict.fromkeys(STRANGE, 200)


# Order and pages


@pytest.mark.databases("sqlite", "postgresql")
def test_list_turns_pages_by_key(see, writing, year):
    with writing() as session:
        edition = edition_by_year(session, year)
        for number, person in enumerate(make_crowd(session, edition, 55)):
            person.country, person.organisation = ("TR", "RS")[number % 2], f"Org {number % 7}"
            refresh_search(person)
    for sort in ("newest", "name", "organisation", "country", "category", "status"):
        first = see("status=waitlisted").form(".filters").fill(sort=sort, columns=["status", "phone"]).submit()
        second = first.follow("Next →")
        rows = [reference for page in (first, second) for reference in references(page)]
        assert [len(references(page)) for page in (first, second)] == [50, 3]
        assert len(set(rows)) == 53
        assert total(second) == 53
        assert second.form(".filters").value("status") == "waitlisted" and second.form(".filters").value("sort") == sort
        assert headings(second) == ["Delegate", "Status", "Mobile phone"]
        assert "51–53 of 53" in second.text
        for back in ("← Previous", "First"):
            assert references(second.follow(back)) == references(first)


def test_picks_are_kept_over_pages_without_a_script(see, register_many):
    register_many(52)
    first = see("sort=name")
    one = references(first)[0]
    second = first.form(".picking").fill(pick=[one]).submit("turn")
    other = references(second)[1]
    assert len(references(second)) == 2 and "1 selected on another page" in second.text
    back = second.form(".picking").forge(pick=[one, other]).submit("turn")
    assert references(back) == references(first) and "1 selected on another page" in back.text
    assert "Add a tag to 2 people" in back.form(".picking").fill(act="tag").submit("Continue").text


def test_heads_of_columns_lead_to_their_orders_and_back(see, register):
    for name in ("Zorić", "Abel"):
        register(family_name=name)

    def names(page) -> list[str]:
        return [row.text.split()[1] for row in page.all("tr[data-registration] th a")]

    assert [cell.text for cell in see().all("[aria-sort=descending]")] == ["Registered"]
    page = see("columns=status").follow("Delegate")
    assert (names(page), headings(page)) == (["Abel", "Zorić"], ["Delegate", "Status"])
    assert [cell.text for cell in page.all("[aria-sort=ascending]")] == ["Delegate"]
    assert "By name" in page.one("[data-total]").text
    page = page.follow("Delegate")
    assert names(page) == ["Zorić", "Abel"]
    assert [cell.text for cell in page.all("[aria-sort=descending]")] == ["Delegate"]
    assert page.form(".filters").value("sort") == "-name"
    assert names(see().follow("Registered")) == ["Zorić", "Abel"]


def test_who_waits_is_shown_in_line_unless_another_order_is_asked_for(see, register):
    first, second, third, fourth = (register() for _ in range(4))
    assert references(see("status=waitlisted")) == [third, fourth]
    assert references(see("status=waitlisted&sort=newest")) == [fourth, third]
    assert references(see("status=confirmed")) == [second, first]
    page = see().form(".filters").fill(status="waitlisted").submit()
    assert references(page) == [third, fourth]


# Columns


def test_columns_are_chosen_and_stay_in_the_address(see, register):
    register(phone="+381 11 123 4567", dietary="No nuts", photo_consent=False, language="sr")
    page = see()
    assert headings(page) == ["Delegate", "Status", "Email", "Organisation", "Country", "Category", "Registered"]
    page = page.form(".filters").fill(columns=["phone", "dietary", "photo_consent", "language"]).submit()
    assert headings(page) == ["Delegate", "Mobile phone", "Dietary needs", "Photographs", "Language"]
    assert [cell.text.strip() for cell in page.all("table.list td")] == ["+381 11 123 4567", "No nuts", "no", "Serbian"]
    narrowed = page.form(".filters").fill(q="nobody").submit()
    assert headings(narrowed.follow("Show all")) == headings(page)


def test_usual_columns_leave_no_trace_in_addresses(see, register):
    register()
    page = see().form(".filters").fill(q="a").submit()
    (address,) = {link["href"] for link in page.all(".filters-set li:last-child a")}
    assert parse_qs(urlsplit(address).query) == {}


@pytest.mark.parametrize("column", ["job_title", "badge_name", "access_needs", "visa_letter", "trips", "country"])
def test_every_column_can_be_shown(see, register, writing, year, column):
    with writing() as session:
        make_trip(session, edition_by_year(session, year), "mill", title="The mill")
    said = {"job_title": "Miller", "badge_name": "Mimi", "access_needs": "Step-free", "visa_letter": True}
    register(**said, country="DE", trips=("mill",))
    (cell,) = see(f"columns={column}").all("table.list td")
    expected = {**said, "visa_letter": "yes", "trips": "The mill · Seat confirmed", "country": "Germany"}[column]
    assert cell.text.strip() == expected


# What it costs


def test_list_costs_the_same_with_1_and_30_rows(see, register, register_many):
    def cost() -> int:
        with count_queries() as statements:
            see("sort=status&q=a&dietary=1&columns=trips")
        return len(statements)

    register(dietary="Vegan")
    few = cost()
    register_many(29, dietary="Vegan")
    assert cost() == few


def test_list_of_a_full_page_is_small(see, register_many):
    register_many(51, given_name="Ж" * 100, organisation="Щ" * 200, dietary="ш" * 500)
    columns = "&".join(f"columns={key}" for key in ("status", "organisation", "job_title", "country", "dietary"))
    assert len(see(columns).html.encode()) < 300_000


def test_another_editions_people_are_not_on_the_list(see, register, writing):
    reference = register()
    with writing() as session:
        elsewhere = make_registration(session, make_edition(session, year=2031), country="AQ")
        cancel_registration(session, elsewhere.id, DELEGATE, NOW)
    page = see()
    assert references(page) == [reference]
    assert "AQ" not in {option["value"] for option in page.all("#country option")}
