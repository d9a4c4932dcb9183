"""Copying an edition on its page, and what its draft says must be looked at."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from dofc_events.accounts.models import Role
from dofc_events.accounts.rules import RoleName
from dofc_events.commands.check import faults
from dofc_events.conference.models import Edition
from dofc_events.conference.queries import edition_by_year
from dofc_events.conference.rules import TripMode
from dofc_events.core.audit import COMMAND
from dofc_events.core.clock import in_zone
from dofc_events.letters.models import Letter
from dofc_events.letters.queries import audience_of
from dofc_events.letters.rules import Anchor
from dofc_events.letters.service import LetterText, write_letter
from dofc_events.mail.models import Message
from dofc_events.organise.editions.copy.queries import marks_of
from dofc_events.registration.queries import Audience, Filters
from dofc_events.trips.models import Trip
from tests.support.databases import count_queries
from tests.support.factories import NOW, make_account, make_edition, make_question, make_trip

ELSEWHERE = {"city": "Niš", "country": "RS", "zone": "Europe/Belgrade"}


@pytest.fixture
def prepared(writing, edition, year):
    """The edition as it is at the end of a year's work."""
    with writing() as session:
        found = session.get_one(Edition, edition.id)
        found.programme, found.summary = f"Three days in {found.city}.", "Meet the clusters."
        found.contact_name, found.contact_email = "Ada", "ada@dofc.test"
        found.trip_mode, found.trips_open_at = TripMode.DRAW, found.registration_opens_at + timedelta(days=7)
        wine = make_trip(session, found, "wine", title="Wine", capacity=7, description=f"The best of {year}.")
        make_trip(session, found, "mill", title="Mill", starts_at=wine.starts_at, cancelled_at=NOW)
        texts = [
            ("Welcome", Audience(), Anchor.BEGINS, -3),
            (
                "Thanks",
                Audience(Filters(arrived=f"{found.starts_on}", since=NOW.isoformat())),
                Anchor.AT_ONCE,
                0,
            ),
            ("For Ivo", Audience(references=("K7X9-Q2MC",)), Anchor.AT_ONCE, 0),
        ]
        for subject, audience, anchor, days in texts:
            text = LetterText(subject, f"{{given_name}}, see you in {found.city}", anchor, days)
            write_letter(session, found.id, audience, text, COMMAND, NOW)
        make_question(session, found, "dinner", "yes-no", hint=f"In the old town of {found.city}.")
        make_account(session, "desk@dofc.test", RoleName.DESK, edition=found, name="Desi")
        make_account(session, "org@dofc.test", RoleName.ORGANISER, edition=found, name="Ora")
        gone = make_account(session, "gone@dofc.test", RoleName.ORGANISER, edition=found, name="Goran")
        session.scalars(select(Role).where(Role.account_id == gone.id)).one().ends_at = NOW
        return found


def form_of(chair, year):
    return chair.get(f"/organise/editions/{year}/").follow("Copy for another year").form()


def told(session) -> list[str]:
    return sorted(session.scalars(select(Message.recipient).where(Message.kind == "team-invitation")))


def test_place_zone_and_contact_are_asked_for_and_never_copied(enter, prepared, year, reading):
    form = form_of(enter("chair"), year)
    for name in ("city", "country", "venue", "venue_address", "zone", "contact_name", "contact_email"):
        assert not form.value(name), name
    empty = form.submit()
    assert empty.status == 422
    assert {tag["name"] for tag in empty.all("[aria-invalid=true]")} == {"city", "country", "zone"}
    assert f"{year}: {prepared.city}" in empty.text
    assert form.fill(ELSEWHERE).submit().status == 200
    with reading() as session:
        copy = edition_by_year(session, year + 1)
        assert (copy.city, copy.country, copy.zone, copy.venue, copy.contact_email) == (
            *ELSEWHERE.values(),
            None,
            None,
        )
        assert copy.programme == prepared.programme


@pytest.mark.databases("sqlite", "postgresql")
def test_trips_keep_weekday_and_hour_and_letters_their_relative_dates(enter, prepared, year, reading):
    page = form_of(enter("chair"), year).fill(ELSEWHERE).submit()
    assert page.url.startswith(f"/organise/editions/{year + 1}/")
    with reading() as session:
        copy = edition_by_year(session, year + 1)
        (trip,) = session.scalars(select(Trip).where(Trip.edition_id == copy.id))
        (before,) = session.scalars(select(Trip).where(Trip.edition_id == prepared.id, Trip.slug == "wine"))
        then, was = in_zone(trip.starts_at, copy.zone), in_zone(before.starts_at, prepared.zone)
        distance = copy.starts_on - prepared.starts_on
        assert distance.days % 7 == 0 and distance.days > 350
        assert (then.date() - was.date(), then.time()) == (distance, was.time())
        assert (trip.slug, trip.description) == ("wine", before.description)
        assert (copy.trip_mode, in_zone(copy.trips_open_at, copy.zone).time()) == (
            "draw",
            in_zone(prepared.trips_open_at, prepared.zone).time(),
        )
        letters = session.scalars(select(Letter).where(Letter.edition_id == copy.id).order_by(Letter.id)).all()
        assert [(one.subject, one.state, one.anchor, one.anchor_days) for one in letters] == [
            ("Welcome", "draft", "begins", -3),
            ("Thanks", "draft", "", 0),
        ]
        assert audience_of(letters[1]).filters == Filters(arrived=copy.starts_on.isoformat())
        assert told(session) == [] and faults(session) == []


def test_the_team_is_invited_only_if_that_is_ticked(enter, prepared, year, reading):
    page = enter("chair").get(f"/organise/editions/{year}/copy")
    form = page.form()
    assert form.value("team") is None and "2 people get the same roles, and an email about it: Ora, Desi" in page.text
    form.fill(ELSEWHERE, team=True, trips=False, letters=False).submit()
    with reading() as session:
        copy = edition_by_year(session, year + 1)
        roles = session.scalars(select(Role).where(Role.edition_id == copy.id).order_by(Role.id)).all()
        assert [(one.account.email, one.role, one.ends_at) for one in roles] == [
            ("org@dofc.test", "organiser", None),
            ("desk@dofc.test", "desk", None),
        ]
        assert told(session) == ["desk@dofc.test", "org@dofc.test"]
        assert not session.scalars(select(Trip).where(Trip.edition_id == copy.id)).all()
        assert not session.scalars(select(Letter).where(Letter.edition_id == copy.id)).all()
        assert copy.trip_mode == "first-come"


def test_texts_that_name_what_was_are_listed_until_they_are_put_right(enter, prepared, year):
    chair = enter("chair")
    page = form_of(chair, year).fill(ELSEWHERE).submit()
    assert [(one["data-look-at"], one.select_one("span").get_text()) for one in page.all("[data-look-at]")] == [
        ("programme", prepared.city),
        ("description", str(year)),
        ("body", prepared.city),
        ("body", prepared.city),
        ("hint", prepared.city),
    ]
    for link in page.all("[data-look-at] a"):
        assert chair.get(link["href"]).one("#" + link["href"].rpartition("#")[2])
    settings = chair.get(page.one("[data-look-at=programme] a")["href"])
    settings.form().fill(programme="Three days in Niš.").submit()
    again = chair.get(f"/organise/editions/{year + 1}/")
    assert not again.all("[data-look-at=programme]") and len(again.all("[data-look-at]")) == 4


def test_a_copy_of_a_copy_that_was_deleted_is_no_copy_any_more(enter, edition, year, reading):
    chair = enter("chair")
    for source in (year, year + 1):
        form_of(chair, source).fill(ELSEWHERE).submit()
    chair.get(f"/organise/editions/{year + 1}/delete").form().submit()
    with reading() as session:
        assert marks_of(session, edition_by_year(session, year + 2)) is None
    assert "Look at these" not in chair.get(f"/organise/editions/{year + 2}/").text


@pytest.mark.databases("sqlite")
def test_looking_costs_the_same_however_many_trips_and_letters(prepared, year, writing):
    with writing() as session:
        copy = make_edition(session, year=2031, copied_from_id=prepared.id)
        with count_queries() as few:
            assert marks_of(session, copy) == []
        for n in range(10):
            make_trip(session, copy, f"t{n}", title=f"{year}")
            write_letter(session, copy.id, Audience(), LetterText("x", str(year), Anchor.AT_ONCE, 0), COMMAND, NOW)
        session.flush()
        session.expire_all()
        with count_queries() as many:
            assert len(marks_of(session, copy)) == 20
        assert len(many) <= len(few) + 1
