"""The trail of an edition: complete, in sentences, newest first, narrowed by the address, and changed by none."""

import re
from dataclasses import replace
from datetime import date, time, timedelta

import pytest

from dofc_events.conference import service as conference
from dofc_events.conference.models import Edition
from dofc_events.conference.rules import TripMode
from dofc_events.config import ROOT
from dofc_events.core.audit import COMMAND, VISITOR, WORKER, Actor, record
from dofc_events.organise.audit.views import ROWS
from dofc_events.organise.trail.texts import ACTS
from dofc_events.registration.service import cancel_registration, resize_edition
from dofc_events.registration.trips import service as seats
from dofc_events.trips import service as trips
from tests.support.databases import count_queries, dump
from tests.support.factories import DELEGATE, NOW, make_edition, make_registration, make_trip
from tests.support.trail import STORED

AUDIT = "/organise/editions/2027/audit"
ANA = Actor("account", "ana@dofc.test")


@pytest.fixture
def year(writing) -> int:
    with writing() as session:
        make_edition(session, year=2027)
    return 2027


@pytest.fixture
def chair(enter, edition):
    """Whose role is on no edition's trail, unlike an organiser's."""
    return enter("chair")


@pytest.fixture
def write(writing, year):
    """`write("arrived", about=…)`: an entry of the edition's trail."""

    def write(act: str, *, actor: Actor = ANA, about: str = "", scope: str = "2027", **details) -> None:
        with writing() as session:
            record(session, actor, NOW, act, scope=scope, about=about, **details)

    return write


def acts(page) -> list[str]:
    return [row["data-act"] for row in page.all("tr[data-act]")]


def first(page) -> str:
    return re.sub(r"\s+", " ", page.all("tr[data-act] th")[0].get_text(" ", strip=True))


# Every act has its words


def test_filter_names_every_act(chair):
    offered = chair.get(AUDIT).form(".filters").choices("act")
    assert [act for act in offered if act] == list(ACTS)


# What is said


def test_settings_say_from_what_to_what(chair, writing, edition):
    with writing() as session:
        details = conference.details_of(session.get_one(Edition, edition.id))
        changed = replace(
            details,
            city="Niš",
            country="RS",
            venue=None,
            starts_at=time(10),
            ends_on=date(2027, 5, 24),
            registration_closes_at=NOW + timedelta(days=1),
            offer_hours=24.0,
            programme="word " * 100,
        )
        conference.change_edition(session, edition.id, changed, ANA, NOW)
    page = chair.get(AUDIT)
    lines = [item.get_text() for item in page.all("tr[data-act=edition_changed] li")]
    assert "City: Sofia → Niš" in lines and "Country: Bulgaria → Serbia" in lines
    assert "Venue: House of Clusters → nothing" in lines and "Begins: 09:30 → 10:00" in lines
    assert any(line.startswith("Last day: ") and line.endswith(" → Monday 24 May 2027") for line in lines)
    assert "Registration closes: 1 Apr 2027, 15:00 → 3 Nov 2026, 14:00" in lines
    assert "Hours an offer is held: 72.0 → 24.0" in lines
    assert len(next(line for line in lines if line.startswith("Programme"))) < 250


def test_acts_on_an_edition_are_told_in_sentences(chair, writing, edition):
    told = []

    def tell(act) -> None:
        with writing() as session:
            act(session)
        told.append(first(chair.get(AUDIT)))

    times = {
        "starts_at": edition.begins_at() + timedelta(hours=24),
        "ends_at": edition.begins_at() + timedelta(hours=28),
    }
    cellars = trips.TripDetails(title="Wine cellars", **times)
    guests = [("guest", "Guest"), ("press", "Press")]
    tell(lambda session: resize_edition(session, edition.id, 120, ANA, NOW))
    tell(lambda session: conference.set_categories(session, edition.id, guests, ANA, NOW))
    tell(lambda session: trips.add_trip(session, edition.id, "cellars", cellars, 20, ANA, NOW))
    other = replace(cellars, meeting_point="Hotel lobby", walking=True)
    tell(lambda session: seats.change_trip(session, edition.id, "cellars", other, 21, ANA, NOW, accepted=""))
    tell(lambda session: trips.put_in_order(session, edition.id, ["cellars"], ANA, NOW))
    tell(lambda session: seats.set_sign_up(session, edition.id, TripMode.DRAW, None, NOW, ANA, NOW))
    tell(lambda session: seats.cancel_trip(session, edition.id, "cellars", ANA, NOW))
    tell(lambda session: record(session, ANA, NOW, "draw_published", scope="2027", drawn=9, seated=7))
    tell(lambda session: record(session, ANA, NOW, "kept_messages_sent", scope="2027", count=3))
    tell(lambda session: record(session, VISITOR, NOW, "link_asked_for", scope="2027", sent=False))
    assert told == [
        "Changed the places from 100 to 120",
        "Changed the categories Member of the network, Company, Guest → Guest, Press",
        "Added “Wine cellars” with 20 seats",
        "Changed “Wine cellars” Meeting point: nothing → Hotel lobby A lot of walking: no → yes Seats: 20 → 21",
        "Put the learning trips in order Wine cellars",
        (
            "Changed sign-up for trips Seats are given: first come, first served → by a draw"
            " Sign-up closes: nothing → 2 Nov 2026, 14:00"
        ),
        "Cancelled “Wine cellars”",
        "Published the draw: 7 of 9 got a seat",
        "Sent 3 emails that had been kept",
        "A link was asked for, but not sent",
    ]


def test_a_line_names_the_delegate_who_acted_and_when(chair, writing, edition):
    with writing() as session:
        person = make_registration(session, edition, given_name="Ana", family_name="Kovač")
        cancel_registration(session, person.id, DELEGATE, NOW)
    page = chair.get(AUDIT)
    assert acts(page) == ["cancelled", "registered"]
    cells = [cell.get_text(" ", strip=True) for cell in page.all("tr[data-act=registered] > *")]
    assert cells == ["Registered, with a place", f"Ana Kovač {person.reference}", "the delegate", "2 Nov 2026, 14:00"]
    assert page.follow("Ana Kovač").h1 == "Ana Kovač"


@pytest.mark.parametrize(
    ("actor", "said"),
    [(ANA, "ana@dofc.test"), (WORKER, "the system"), (COMMAND, "a command"), (VISITOR, "a visitor")],
    ids=str,
)
def test_a_line_says_who_acted(chair, write, actor, said):
    write("edition_published", actor=actor)
    assert said in chair.get(AUDIT).one("tr[data-act] td:nth-of-type(2)").get_text()


@pytest.mark.parametrize(
    ("act", "details", "changes"), [stored for stored in STORED if stored[0] in ACTS and "before" in stored[1]]
)
def test_what_was_recorded_in_an_older_form_is_told_alike(chair, write, act, details, changes):
    write(act, **details)
    older = first(chair.get(AUDIT))
    write(act, **{name: value for name, value in details.items() if name not in ("before", "after")}, changes=changes)
    assert first(chair.get(AUDIT)) == older


def test_links_in_the_trail_act_for_nobody(chair, write):
    link = "http://dofc.test/registrations/7KX9-Q2MB.1.secret/"
    write("seat_given", about="7KX9-Q2MB", trip="cellars", because=f"see {link}")
    write("edition_changed", changes={"summary": ["", f"{link} and {link}offer"]})
    write("edition_changed", before={"summary": ""}, after={"summary": link})
    write("trip_changed", trip="cellars", changes={"bring": ["", link]})
    page = chair.get(AUDIT)
    assert "secret" not in page.html and page.html.count("/registrations/…/") == 5


# Narrowed, and page by page


def test_trail_has_this_edition_only_newest_first(chair, write):
    write("edition_published")
    write("edition_archived")
    write("edition_published", scope="2028")
    write("signed_in", scope="")
    assert acts(chair.get(AUDIT)) == ["edition_archived", "edition_published"]


def test_filters_narrow_the_trail_and_stand_in_the_address(chair, write, writing, edition):
    with writing() as session:
        person = make_registration(session, edition, given_name="Ana", family_name="Đorđević")
    write("boarded", about=person.reference, trip="cellars")
    write("arrived", about=person.reference)
    write("arrived", about="GONE-0000", actor=Actor("account", "bo@dofc.test"))
    write("edition_published", actor=COMMAND)

    def narrowed(**filled) -> list[str]:
        page = chair.get(AUDIT).form(".filters").fill(filled).submit()
        assert all(f"{name}=" in page.url for name in filled)
        form = page.form(".filters")
        assert {name: form.value(name) for name in filled} == filled
        return acts(page)

    assert narrowed(act="arrived") == ["arrived", "arrived"]
    assert narrowed(q=person.reference) == ["arrived", "boarded", "registered"]
    assert narrowed(q="djord") == ["arrived", "boarded", "registered"]
    assert narrowed(q="gone-0000") == ["arrived"]
    assert narrowed(act="boarded", q="ana") == ["boarded"]
    assert narrowed(actor="account") == ["arrived", "arrived", "boarded"]
    assert narrowed(actor="command") == ["edition_published"]
    assert narrowed(actor="delegate") == ["registered"]
    page = chair.get(f"{AUDIT}?act=arrived").follow("bo@dofc.test")
    assert acts(page) == ["arrived"] and page.form(".filters").value("actor") == "account:bo@dofc.test"
    assert acts(chair.get(f"{AUDIT}?actor=account:bo@dofc")) == []
    page = chair.get(f"{AUDIT}?act=nothing")
    assert "No entries match this search." in page.text
    assert len(acts(page.follow("Show everything"))) == 5


def test_trail_is_turned_page_by_page_under_its_filters(chair, write):
    for number in range(ROWS + 2):
        write("kept_messages_sent", count=number)
        write("edition_published")
    page = chair.get(f"{AUDIT}?act=kept_messages_sent")
    assert len(acts(page)) == ROWS and first(page) == f"Sent {ROWS + 1} emails that had been kept"
    page = page.follow("Next")
    assert acts(page) == ["kept_messages_sent"] * 2 and "Next" not in page.text
    assert f"{ROWS + 1}–{ROWS + 2} of {ROWS + 2}" in page.text
    for back in ("Previous", "First"):
        assert len(acts(page.follow(back))) == ROWS


def test_trail_of_nothing_says_so(chair):
    assert "Nothing has been done yet." in chair.get(AUDIT).text


# Trust


def test_trail_is_for_organisers_of_the_edition_only(enter, edition, writing):
    with writing() as session:
        other = make_edition(session, year=2031)
    for role, of_edition, status in (
        ("chair", None, 200),
        ("organiser", edition, 200),
        ("desk", edition, 403),
        ("organiser", other, 404),
    ):
        assert enter(role, of_edition).get(AUDIT).status == status


def test_no_address_changes_the_trail(app, chair, write, database_url):
    write("edition_published")
    before = dump(database_url)
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert chair.open(method, AUDIT).status == 405
    assert chair.get(f"{AUDIT}?act=edition_published&actor=account&q=x&after=1").status == 200
    assert dump(database_url) == before


def test_nothing_in_the_code_deletes_entries_and_only_erasing_takes_names_out_of_them():
    package = ROOT / "dofc_events"
    changing = {
        path.relative_to(package).as_posix(): found
        for path in package.rglob("*.py")
        if (found := re.findall(r"(update|delete)\(AuditEntry\)", path.read_text(encoding="utf-8")))
    }
    assert changing.keys() <= {
        "privacy/erasing/service.py",
        "privacy/accounts/service.py",
        "privacy/proposals/service.py",
    }
    assert "delete" not in {act for found in changing.values() for act in found}


def test_trail_costs_the_same_with_1_and_30_entries(chair, writing, edition):
    def cost() -> int:
        with count_queries() as statements:
            assert chair.get(f"{AUDIT}?q=trakya").status == 200
        return len(statements)

    def join(count: int) -> None:
        with writing() as session:
            for _ in range(count):
                make_registration(session, session.get_one(Edition, edition.id))

    with writing() as session:
        make_trip(session, edition, "cellars")
    join(1)
    few = cost()
    join(29)
    assert len(acts(chair.get(AUDIT))) == 30
    assert cost() == few
