"""`flask edition YEAR`: what scripts ask, and what they change."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select, update

from dofc_events.conference.models import Edition
from dofc_events.conference.rules import EditionStatus
from dofc_events.core.audit import AuditEntry
from dofc_events.core.clock import now
from dofc_events.places.models import Pool
from dofc_events.places.service import create_pool
from tests.support.factories import make_edition, make_question, make_registration, make_trip

YEAR = 2031
NOTHING_LIMITED: dict = {"categories": {}, "options": {}}
NOBODY = {"capacity": 0, "taken": 0, "waitlisted": 0, "promised": 0, "open": False, "trips": {}, **NOTHING_LIMITED}


@pytest.fixture
def flask(app):
    """`flask("--capacity", "5")`: the command for YEAR; returns what click says of it."""
    runner = app.test_cli_runner()
    return lambda *arguments, year=YEAR: runner.invoke(args=["edition", str(year), *arguments])


@pytest.fixture
def numbers(flask):
    """`numbers("--capacity", "5")`: what the command prints with `--json`, parsed; fails if it does."""

    def run(*arguments: str, year: int = YEAR) -> dict:
        answer = flask(*arguments, "--json", year=year)
        assert answer.exit_code == 0, answer.output
        assert len(answer.stdout.splitlines()) == 1 and answer.stderr == ""
        return json.loads(answer.stdout)

    return run


@pytest.fixture
def edition(writing) -> int:
    """Open, ten places, two trips, one of them with three seats; nobody is registered."""
    with writing() as session:
        edition = make_edition(session, now=now(), year=YEAR, capacity=10)
        make_trip(session, edition, "mill", capacity=3)
        make_trip(session, edition, "wine", capacity=20)
        return edition.id


def stored(reading) -> Edition:
    with reading() as session:
        return session.scalars(select(Edition).where(Edition.year == YEAR)).one()


def acts(reading) -> list[str]:
    with reading() as session:
        return list(session.scalars(select(AuditEntry.act).order_by(AuditEntry.id)))


@pytest.mark.databases("sqlite")
def test_limits_of_categories_and_of_options_are_among_the_numbers(numbers, edition, writing):
    with writing() as session:
        found = session.get_one(Edition, edition)
        company = next(one for one in found.categories if one.slug == "company")
        create_pool(session, category_id=company.id, capacity=4)
        make_question(session, found, "dinner", options=("Gala", "Home"), places={"gala": 1}, waiting_list=True)
        for _ in range(2):
            make_registration(session, found, now=now(), answers={"dinner": ("gala",)})
    said = numbers()
    assert said["categories"] == {"company": {"limit": 4, "taken": 2}}
    assert said["options"] == {"question-dinner": {"gala": {"capacity": 1, "taken": 1, "waitlisted": 1}}}


def test_edition_shows_its_numbers_and_changes_nothing(numbers, edition, writing, reading):
    with writing() as session:
        session.execute(update(Pool).where(Pool.edition_id.is_not(None)).values(capacity=2))
        for _ in range(5):
            make_registration(session, session.get_one(Edition, edition), now=now())
    before = acts(reading)
    seats = {"taken": 0, "waitlisted": 0, "open": True}
    expected = {"capacity": 2, "taken": 2, "waitlisted": 3, "promised": 0, "open": True}
    expected |= NOTHING_LIMITED
    assert numbers() == expected | {"trips": {"mill": {"capacity": 3, **seats}, "wine": {"capacity": 20, **seats}}}
    assert acts(reading) == before


@pytest.mark.databases("sqlite")
def test_edition_is_readable_without_json(flask, edition):
    assert flask().output.splitlines()[:4] == ["capacity: 10", "taken: 0", "waitlisted: 0", "open: True"]


@pytest.mark.databases("sqlite")
def test_edition_says_that_there_is_none(flask):
    answer = flask("--json")
    assert (answer.exit_code, answer.stdout) == (1, "") and "There is no edition for 2031." in answer.stderr


# Creating and publishing


@pytest.mark.databases("sqlite")
def test_create_makes_a_draft_like_the_last_edition(numbers, writing, reading):
    with writing() as session:
        make_edition(session, now=now(), year=YEAR - 1, capacity=150, offer_hours=12.0)
    assert numbers("--create") == NOBODY | {"capacity": 150}
    made = stored(reading)
    assert made.status == EditionStatus.DRAFT
    assert (made.city, made.country, made.zone, made.offer_hours) == ("Sofia", "BG", "Europe/Sofia", 12.0)
    with reading() as session:
        slugs = [category.slug for category in session.get_one(Edition, made.id).categories]
    assert slugs == ["member", "company", "guest"]


def test_create_makes_the_first_edition_of_all(numbers, flask, reading):
    assert numbers("--create", "--city", "Brno", "--country", "CZ", "--zone", "Europe/Prague") == NOBODY
    made = stored(reading)
    assert (made.city, made.zone, made.contact_email) == ("Brno", "Europe/Prague", "registration@localhost")
    answer = flask("--publish")
    assert answer.exit_code == 1 and "Missing: starts on, ends on" in answer.stderr


def test_a_script_can_open_an_edition_when_there_is_nothing_but_the_history(app, numbers):
    assert app.test_cli_runner().invoke(args=["history"]).exit_code == 0
    opens = (now() - timedelta(days=1)).date().isoformat()
    closes = (now() + timedelta(days=1)).date().isoformat()
    answer = numbers("--create", "--publish", "--capacity", "30", "--opens", opens, "--closes", closes)
    assert answer == NOBODY | {"capacity": 30, "open": True}


def test_create_does_everything_at_once(numbers, edition, reading):
    answer = numbers(
        "--create", "--publish", "--capacity", "7", "--opens", "2020-01-01", "--closes", "2040-01-01",
        "--offer-hours", "0", "--city", "Brno", "--country", "CZ", "--zone", "Europe/Prague", year=YEAR + 1,
    )  # fmt: skip
    assert answer == NOBODY | {"capacity": 7, "open": True}


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--create"], "There is an edition for 2031 already."),
        (["--create", "--country", "Czechia"], "two-letter code"),
        (["--capacity", "-1"], "--capacity"),
        (["--capacity", "many"], "--capacity"),
        (["--offer-hours", "-1"], "--offer-hours"),
        (["--opens", "tomorrow"], "tomorrow"),
        (["--closes", "2031-13-01"], "2031-13-01"),
        (["--closes", "9999-12-31"], "9999-12-31"),
        (["--opens", "0001-01-01"], "0001-01-01"),
        (["--trip", "nowhere", "--capacity", "4"], "There is no learning trip nowhere."),
        (["--trip", "mill"], "--capacity"),
        (["--city", "Brno"], "with --create"),
        (["--create", "--zone", "Europe/Brno"], "IANA zone"),
        (["--closes", "2020-01-01", "--opens", "2021-01-01"], "closes before it opens"),
        (["--confirms-places", "on", "--offer-hours", "0"], "holds without offers"),
        (["--confirms-places", "perhaps"], "--confirms-places"),
    ],
)
def test_edition_says_what_is_wrong_and_changes_nothing(flask, edition, reading, arguments, words):
    before, audited = _columns(stored(reading)), acts(reading)
    answer = flask(*arguments)
    assert answer.exit_code != 0 and answer.stdout == "", answer.output
    assert words in answer.stderr and "Traceback" not in answer.stderr
    assert (_columns(stored(reading)), acts(reading)) == (before, audited)


def _columns(edition: Edition) -> dict:
    return {column.key: getattr(edition, column.key) for column in Edition.__table__.columns}


def test_create_needs_a_place_when_there_is_no_edition_to_go_by(flask):
    answer = flask("--create")
    assert answer.exit_code == 2 and "--city and --country" in answer.stderr


def test_publish_and_archive_change_what_everybody_sees(numbers, edition, reading, writing):
    with writing() as session:
        session.execute(update(Edition).values(status=EditionStatus.DRAFT))
    assert numbers()["open"] is False
    assert numbers("--publish")["open"] is True
    assert stored(reading).status == EditionStatus.PUBLISHED
    audited = acts(reading)
    assert numbers("--publish")["open"] is True
    assert acts(reading) == audited, "what is true already is not noted again"
    assert numbers("--archive")["open"] is False
    assert stored(reading).status == EditionStatus.ARCHIVED


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(
    "arguments",
    [
        ["--capacity", "50"],
        ["--trip", "mill", "--capacity", "9"],
        ["--trip-mode", "draw"],
        ["--offer-hours", "1"],
        ["--closes", "2031-09-30"],
        ["--publish"],
    ],
)
def test_an_archived_edition_is_read_only_for_commands_too(flask, edition, numbers, arguments):
    before = numbers("--archive")
    answer = flask(*arguments)
    assert answer.exit_code == 1 and "The edition of 2031 is archived" in answer.stderr
    assert numbers() == before


# Dates


@pytest.mark.parametrize(
    ("option", "text", "expected"),
    [
        # A bare date closes at its end and opens at its beginning, in the edition's zone (Sofia: UTC+2, in summer +3).
        ("--closes", "2031-09-30", datetime(2031, 9, 30, 21, tzinfo=UTC)),
        ("--closes", "2031-12-31", datetime(2031, 12, 31, 22, tzinfo=UTC)),
        ("--opens", "2031-03-01", datetime(2031, 2, 28, 22, tzinfo=UTC)),
        ("--closes", "2031-09-30T18:00", datetime(2031, 9, 30, 15, tzinfo=UTC)),
        ("--opens", "2020-03-01 08:30:15", datetime(2020, 3, 1, 6, 30, 15, tzinfo=UTC)),
        ("--closes", "2031-09-30T18:00+00:00", datetime(2031, 9, 30, 18, tzinfo=UTC)),
        ("--closes", "2031-09-30T18:00Z", datetime(2031, 9, 30, 18, tzinfo=UTC)),
        ("--closes", "2031-09-30T18:00-05:00", datetime(2031, 9, 30, 23, tzinfo=UTC)),
    ],
)
def test_opens_and_closes_are_meant_in_the_editions_zone(flask, edition, reading, writing, option, text, expected):
    with writing() as session:
        session.execute(update(Edition).values(registration_closes_at=datetime(2035, 1, 1, tzinfo=UTC)))
    answer = flask(option, text)
    assert answer.exit_code == 0, answer.output
    changed = stored(reading)
    moment = changed.registration_closes_at if option == "--closes" else changed.registration_opens_at
    assert moment == expected


@pytest.mark.databases("sqlite")
def test_a_date_closes_registration_on_that_day_only_when_it_is_over(numbers, edition):
    today = now().astimezone().date()
    assert numbers("--closes", str(today + timedelta(days=1)))["open"] is True
    assert numbers("--closes", str(today - timedelta(days=2)))["open"] is False


# Places and seats


@pytest.mark.databases("sqlite")
def test_capacity_changes_the_places_and_offers_what_is_new(numbers, edition, writing):
    numbers("--capacity", "1")
    with writing() as session:
        for _ in range(3):
            make_registration(session, session.get_one(Edition, edition), now=now())
    answer = numbers("--capacity", "2")
    assert {name: answer[name] for name in ("capacity", "taken", "waitlisted")} == {
        "capacity": 2, "taken": 2, "waitlisted": 1,
    }  # fmt: skip


@pytest.mark.databases("sqlite")
def test_capacity_is_never_less_than_what_is_taken(flask, numbers, edition, writing):
    with writing() as session:
        for _ in range(3):
            make_registration(session, session.get_one(Edition, edition), now=now())
    answer = flask("--capacity", "2")
    assert answer.exit_code == 1 and "fewer places than are in use: 3 taken." in answer.stderr
    assert numbers("--capacity", "3")["capacity"] == 3


@pytest.mark.databases("sqlite")
def test_capacity_of_nought_is_a_wish_like_any_other(numbers, edition):
    assert numbers("--capacity", "0")["capacity"] == 0


@pytest.mark.databases("sqlite")
def test_trip_with_capacity_changes_the_seats_of_that_trip(numbers, edition):
    answer = numbers("--trip", "mill", "--capacity", "8")
    assert (answer["capacity"], answer["trips"]["mill"]["capacity"]) == (10, 8)
    assert answer["trips"]["wine"]["capacity"] == 20


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("hours", ["0", "0.5", "48"])
def test_offer_hours_may_be_a_fraction(numbers, edition, reading, hours):
    numbers("--offer-hours", hours)
    assert stored(reading).offer_hours == float(hours)


@pytest.mark.databases("sqlite")
def test_places_are_confirmed_by_email_where_a_script_says_so(numbers, edition, reading):
    for word, confirms in (("on", True), ("off", False)):
        numbers("--confirms-places", word)
        assert stored(reading).confirms_places is confirms
        numbers("--capacity", "12")
        assert stored(reading).confirms_places is confirms


@pytest.mark.databases("sqlite")
def test_offer_hours_of_nought_confirm_the_next_at_once(numbers, edition, writing, reading):
    numbers("--capacity", "1", "--offer-hours", "0")
    with writing() as session:
        for _ in range(2):
            make_registration(session, session.get_one(Edition, edition), now=now())
    answer = numbers("--capacity", "2")
    assert (answer["taken"], answer["waitlisted"]) == (2, 0)


@pytest.mark.databases("sqlite")
def test_dates_of_the_edition_do_not_change_with_its_places(numbers, edition, reading):
    before = stored(reading)
    numbers("--capacity", "11", "--offer-hours", "5")
    after = stored(reading)
    assert isinstance(after.starts_on, date)
    same = ("starts_on", "ends_on", "registration_opens_at", "registration_closes_at", "revision", "contact_email")
    assert all(getattr(before, name) == getattr(after, name) for name in same)
