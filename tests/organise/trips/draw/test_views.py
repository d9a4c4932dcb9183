"""The organisers' page about the draw: what can be drawn when, the preview, publishing exactly that."""

from datetime import timedelta

import pytest

from dofc_events.commands.check import faults
from dofc_events.conference.queries import edition_by_year
from dofc_events.conference.rules import TripMode
from dofc_events.core.audit import COMMAND
from dofc_events.registration.service import cancel_registration, resize_edition
from dofc_events.registration.trips import service as seats
from dofc_events.trips.draw.rules import hash_of
from dofc_events.trips.models import Draw
from tests.support.databases import count_queries, dump
from tests.support.factories import DELEGATE, NOW, make_edition, make_registration, make_trip

# While the organiser is still signed in.
CLOSES = NOW + timedelta(hours=1)
PAGE = "/organise/editions/2027/trips/draw"


@pytest.fixture
def year(writing) -> int:
    """Two trips at one time with one seat each, to be drawn."""
    with writing() as session:
        edition = make_edition(session, year=2027)
        make_trip(session, edition, "cellars", title="The cellars", capacity=1)
        make_trip(session, edition, "harbour", title="The harbour", capacity=1)
    set_mode(writing, TripMode.DRAW)
    return 2027


@pytest.fixture
def join(writing, year):
    """`join("cellars", given_name="Ana")`: the id of somebody with these wishes."""

    def join(*slugs: str, any_trip: bool = False, **changes) -> int:
        with writing() as session:
            person = make_registration(session, edition_by_year(session, year), **changes)
            seats.choose_trips(session, person.id, slugs, any_trip=any_trip, actor=DELEGATE, now=NOW)
            return person.id

    return join


@pytest.fixture
def crowd(join):
    """Ana and Bo have the cellars as first wish, Bo also the harbour; Cem takes any trip, and has no chance."""
    join("cellars", given_name="Ana", family_name="A")
    join("cellars", "harbour", given_name="Bo", family_name="B")
    join(any_trip=True, given_name="Cem", family_name="C")


def set_mode(writing, mode, closes_at=CLOSES):
    with writing() as session:
        edition = edition_by_year(session, 2027)
        seats.set_sign_up(session, edition.id, mode, None, closes_at, COMMAND, NOW)


def figures(page) -> dict[str, int]:
    return {row.select_one("dt").get_text(): int(row.select_one("dd").get_text()) for row in page.all(".figures > div")}


def outcome(page) -> dict[str, list[str]]:
    """Who gets what, by the name of the trip."""
    return {
        group.select_one("strong").get_text(): [name.get_text() for name in group.select("li")]
        for group in page.all(".names-of")
    }


# Before


def test_page_says_when_the_seats_can_be_drawn_and_how_many_have_wishes(organiser, join, writing, reading):
    with writing() as session:
        resize_edition(session, edition_by_year(session, 2027).id, 3, COMMAND, NOW)
    join("cellars"), join(), join(any_trip=True), join("harbour")
    page = organiser.get(PAGE)
    assert "once sign-up has closed: after 15:00, Monday 2 November 2026 (Sofia time)" in page.text
    assert figures(page) == {"people with choices so far": 2}
    assert "1 more person has choices but no confirmed place" in page.text
    with reading() as session:
        assert hash_of(session.get_one(Draw, edition_by_year(session, 2027).id).seed) in page.text
    assert page.all("main form") == []


def test_page_asks_to_say_when_sign_up_closes(organiser, year, writing):
    with writing() as session:
        edition_by_year(session, year).registration_closes_at = None
    set_mode(writing, TripMode.DRAW, closes_at=None)
    page = organiser.get(PAGE)
    assert "that time has not been set yet" in page.text
    assert page.link("Set when sign-up closes") == "/organise/editions/2027/trips/sign-up"


def test_page_says_that_seats_go_first_come(organiser, year, writing):
    set_mode(writing, TripMode.FIRST_COME)
    page = organiser.get(PAGE)
    assert "seats go first come, first served, so there is nothing to draw" in page.text
    assert page.link("Change how seats are given") == "/organise/editions/2027/trips/sign-up"


def test_page_of_an_edition_without_trips_is_there(enter, writing):
    with writing() as session:
        make_edition(session, year=2028)
    page = enter("chair").get("/organise/editions/2028/trips/draw")
    assert (page.status, "What delegates can check" in page.text) == (200, False)


@pytest.mark.parametrize(("role", "status"), [("chair", 200), ("organiser", 200), ("desk", 403)])
def test_page_opens_for_chair_and_organisers(enter, edition, role, status):
    assert enter(role, None if role == "chair" else edition).get(PAGE).status == status


# The preview


def test_preview_shows_who_would_get_what(organiser, crowd, clock):
    clock.move_to(CLOSES)
    page = organiser.get(PAGE)
    assert "This is a preview" in page.text
    assert figures(page) == {"1st choice": 1, "2nd choice": 1, "nothing": 1}
    assert outcome(page) == {"The cellars": ["Ana A"], "The harbour": ["Bo B"], "Nothing": ["Cem C"]}
    assert "3 people will be told their results" in page.text


def test_preview_writes_nothing(organiser, crowd, clock, database_url):
    clock.move_to(CLOSES)
    before = dump(database_url)
    organiser.get(PAGE)
    assert dump(database_url) == before


def test_preview_costs_the_same_with_1_and_30_people(organiser, join, clock, register_many):
    def cost() -> int:
        with count_queries() as statements:
            assert organiser.get(PAGE).status == 200
        return len(statements)

    join("cellars")
    clock.move_to(CLOSES)
    few = cost()
    clock.move_to(NOW)
    register_many(29, trips=("cellars", "harbour"), any_trip=True)
    clock.move_to(CLOSES)
    assert figures(organiser.get(PAGE))["nothing"] == 28
    assert cost() == few


def test_preview_without_wishes_can_be_published(organiser, join, clock):
    join()
    clock.move_to(CLOSES)
    page = organiser.get(PAGE)
    assert "nobody would be drawn" in page.text
    assert "The draw has been published" in page.form().submit().text


# Publishing


def test_publishing_gives_what_the_preview_showed(organiser, crowd, clock, reading):
    clock.move_to(CLOSES)
    preview = organiser.get(PAGE)
    answer = preview.form().submit(follow=False)
    assert (answer.status, answer.headers["Location"]) == (303, PAGE)
    page = organiser.get(PAGE)
    assert "The draw has been published" in page.text
    assert "The draw was published at 15:00, Monday 2 November 2026 (Sofia time)" in page.text
    assert (figures(page), outcome(page)) == (figures(preview), outcome(preview))
    assert page.all("main form") == []
    assert page.link("The public page about the draw") == "/editions/2027/draw"
    hrefs = {link["href"] for link in page.all(".names-of a")}
    assert hrefs == {f"/organise/editions/2027/trips/{slug}/people" for slug in ("cellars", "harbour")}
    with reading() as session:
        assert faults(session) == []


def test_publishing_is_refused_when_something_changed_and_shows_the_new_preview(organiser, crowd, join, writing, clock):
    late = join("harbour", given_name="Dan", family_name="D")
    clock.move_to(CLOSES)
    form = organiser.get(PAGE).form()
    with writing() as session:
        cancel_registration(session, late, DELEGATE, CLOSES)
    page = form.submit()
    assert page.status == 422
    assert "Nothing has been published" in page.one("[role=alert]").get_text()
    assert outcome(page) == {"The cellars": ["Ana A"], "The harbour": ["Bo B"], "Nothing": ["Cem C"]}
    # Somebody who has seen the new preview can publish it.
    assert "The draw has been published" in page.form().submit().text


def test_publishing_twice_says_that_there_is_nothing_to_draw(organiser, crowd, clock):
    clock.move_to(CLOSES)
    forms = [organiser.get(PAGE).form() for _ in range(2)]
    forms[0].submit()
    page = forms[1].submit()
    assert "There is nothing to draw now" in page.text
    assert "The draw was published at" in page.text


def test_publishing_needs_the_pages_token(organiser, crowd, clock, reading):
    clock.move_to(CLOSES)
    page = organiser.get(PAGE).form().forge(csrf_token="x").submit()
    assert page.status == 400
    with reading() as session:
        assert edition_by_year(session, 2027).trips_drawn_at is None
    assert "The draw has been published" in page.form().submit().text
