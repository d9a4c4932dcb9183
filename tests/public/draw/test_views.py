"""The public page about the draw: when it is there, what it says before and after, and its two downloads."""

import json
import subprocess
import sys
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from dofc_events.conference.queries import edition_by_year
from dofc_events.conference.rules import EditionStatus, TripMode
from dofc_events.core.audit import COMMAND
from dofc_events.core.db import db, unit_of_work
from dofc_events.delegates.models import Registration
from dofc_events.notices.service import terms_of
from dofc_events.registration.trips import service as seats
from dofc_events.trips.draw.queries import name_in_draw
from dofc_events.trips.draw.rules import hash_of
from dofc_events.trips.draw.service import preview_draw
from dofc_events.trips.models import Draw
from dofc_events.trips.sign_ups.service import SeatBook
from tests.support.factories import DELEGATE, NOW, make_edition, make_registration, make_trip

CLOSES = NOW + timedelta(days=10)
DRAW = "/editions/2027/draw"
DOWNLOADS = (f"{DRAW}/wishes.json", f"{DRAW}/draw.py")


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def year(writing):
    """An edition with one trip of one seat, for which two people have wishes."""
    with writing() as session:
        edition = make_edition(session, year=2027)
        make_trip(session, edition, "cellars", title="The cellars", capacity=1)
        set_mode(session, edition, TripMode.DRAW)
        for _ in range(2):
            person = make_registration(session, edition, family_name="Secret")
            seats.choose_trips(session, person.id, ["cellars"], any_trip=False, actor=DELEGATE, now=NOW)
    return 2027


def set_mode(session, edition, mode):
    seats.set_sign_up(session, edition.id, mode, None, CLOSES, COMMAND, NOW)


@pytest.fixture
def published(year, writing, clock):
    """The same, drawn."""
    clock.move_to(CLOSES)
    with writing() as session:
        edition = edition_by_year(session, year)
        digest = preview_draw(SeatBook(session, edition, terms_of(edition, CLOSES), CLOSES)).digest
        seats.publish_draw(session, edition.id, digest, COMMAND, CLOSES)


@pytest.fixture
def seed(reading, year) -> str:
    with reading() as session:
        return session.get_one(Draw, edition_by_year(session, year).id).seed


def test_page_shows_the_fingerprint_and_keeps_the_seed_before_the_draw(client, seed):
    page = client.get(DRAW)
    assert page.status == 200
    assert hash_of(seed) in page.text
    assert seed not in page.html
    assert "Published with the result." in page.text
    assert "until 14:00, Thursday 12 November 2026 (Sofia time)" in page.text
    assert page.all(".figures") == []
    assert [link["href"] for link in page.all("main .actions a")] == [DOWNLOADS[1]]


def test_page_shows_seed_and_numbers_after_the_draw(client, published, seed):
    page = client.get(DRAW)
    assert seed in page.text and hash_of(seed) in page.text
    numbers = {row.select_one("dt").get_text(): row.select_one("dd").get_text() for row in page.all(".figures > div")}
    assert numbers == {"1st choice": "1", "nothing": "1"}
    assert [link["href"] for link in page.all("main .actions a")] == [*reversed(DOWNLOADS)]
    assert "Secret" not in page.html


def test_downloads_draw_again_what_was_published(client, published, tmp_path):
    for name, kind in (("wishes.json", "application/json"), ("draw.py", "text/x-python")):
        answer = client.get(f"{DRAW}/{name}")
        assert answer.status == 200
        assert answer.headers["Content-Type"].startswith(kind)
        assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'
        (tmp_path / name).write_bytes(answer.data)
    # By itself, as anyone could: nothing of ours is in reach.
    run = subprocess.run(
        [sys.executable, "-I", "draw.py", "wishes.json"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stdout.splitlines()[-1]) == (0, "This is the published result.")


def test_wishes_are_not_found_before_the_draw(client, year):
    assert client.get(DOWNLOADS[0]).status == 404
    assert client.get(DOWNLOADS[1]).status == 200


def test_nothing_is_found_of_a_draft(client, published, writing):
    with writing() as session:
        edition_by_year(session, 2027).status = EditionStatus.DRAFT
    for path in (DRAW, *DOWNLOADS):
        assert client.get(path).status == 404, path


def test_nothing_is_found_where_seats_were_never_to_be_drawn(client, writing):
    with writing() as session:
        make_trip(session, make_edition(session, year=2027))
    for path in (DRAW, *DOWNLOADS, "/editions/2026/draw"):
        assert client.get(path).status == 404, path


def test_page_says_when_seats_go_first_come_after_all(client, year, writing):
    with writing() as session:
        set_mode(session, edition_by_year(session, year), TripMode.FIRST_COME)
    assert "At the moment seats go first come, first served." in client.get(DRAW).text


# What the edition's page says of its trips


def trips_section(client) -> str:
    page = client.get("/editions/2027/")
    return " ".join(page.one("section[aria-labelledby=trips]").get_text(" ").split())


def test_edition_says_how_and_until_when_one_signs_up_for_a_draw(client, year):
    said = trips_section(client)
    assert "Delegates can choose trips until 14:00, Thursday 12 November 2026;" in said
    assert "1 seat" in said and "free" not in said
    assert client.get("/editions/2027/").link("How the seats are drawn") == DRAW


def test_edition_says_that_seats_were_drawn_and_how_many_wait(client, published):
    said = trips_section(client)
    assert (
        "The seats have been drawn; any still free go first come, first served. Delegates with a place can sign up"
        in said
    )
    assert "Full. 1 person is waiting for a seat" in said


def test_edition_says_that_the_draw_comes_next_when_sign_up_is_closed(client, year, clock):
    clock.move_to(CLOSES)
    assert "Sign-up has closed. The seats will be drawn next." in trips_section(client)


@pytest.mark.parametrize(
    ("people", "words"),
    [
        (0, "2 of 2 seats free"),
        (1, "1 of 2 seats free"),
        (2, "Full. Waiting list open"),
        (5, "Full. 3 people are waiting for a seat"),
    ],
)
def test_edition_says_what_is_free_of_a_trip(client, writing, people, words):
    with writing() as session:
        edition = make_edition(session, year=2027)
        make_trip(session, edition, "cellars", capacity=2)
        for _ in range(people):
            person = make_registration(session, edition)
            seats.choose_trips(session, person.id, ["cellars"], any_trip=False, actor=DELEGATE, now=NOW)
    said = trips_section(client)
    assert f"{words} A visit to a company." in said
    assert "Seats go first come, first served. Delegates with a place can sign up until 09:30" in said
    assert "drawn" not in said


def test_edition_says_that_an_idea_for_a_trip_has_no_seats_yet(client, writing):
    with writing() as session:
        make_trip(session, make_edition(session, year=2027), "cellars", capacity=0)
    said = trips_section(client)
    assert "Seats to be announced" in said and "Full" not in said


def test_edition_says_that_a_trip_is_cancelled(client, writing):
    with writing() as session:
        edition = make_edition(session, year=2027)
        make_trip(session, edition, "cellars", title="The cellars")
        seats.cancel_trip(session, edition.id, "cellars", COMMAND, NOW)
    said = trips_section(client)
    assert "The cellars" in said and "This trip has been cancelled." in said
    assert "seats free" not in said


def test_edition_says_when_sign_up_opens(client, writing):
    with writing() as session:
        edition = make_edition(session, year=2027)
        make_trip(session, edition)
        opens = NOW + timedelta(days=1)
        seats.set_sign_up(session, edition.id, TripMode.FIRST_COME, opens, None, COMMAND, NOW)
    assert "Sign-up opens at 14:00, Tuesday 3 November 2026." in trips_section(client)


def test_names_in_a_draw_outlive_the_secret_key(year, writing, make_app, clock):
    """What was told before the draw is what is published, and what each delegate is told years later."""

    def told(site) -> set[str | None]:
        with site.app_context():
            edition = edition_by_year(db.session(), year)
            people = db.session.scalars(select(Registration).where(Registration.edition_id == edition.id)).all()
            return {name_in_draw(db.session(), edition, person) for person in people}

    before = told(make_app())
    another = make_app(secret_key="the key that came after it was seen")
    assert told(another) == before and len(before) == 2
    with writing() as session:
        # As a migration wrote it down, of one that had been told before names were stored.
        person = session.scalars(select(Registration).order_by(Registration.id).limit(1)).one()
        before = before - {name_in_draw(session, edition_by_year(session, year), person)} | {"told long ago"}
        person.draw_name = "told long ago"
    clock.move_to(CLOSES)
    with another.app_context(), unit_of_work() as session:
        edition = edition_by_year(session, year)
        digest = preview_draw(SeatBook(session, edition, terms_of(edition, CLOSES), CLOSES)).digest
        seats.publish_draw(session, edition.id, digest, COMMAND, CLOSES)
        document = json.loads(session.get_one(Draw, edition.id).document)
    assert {person["id"] for person in document["people"]} == before
    with writing() as session:
        session.get_one(Draw, edition.id).names_key = "nothing of what was published is made anew"
    assert told(make_app()) == told(another) == before
