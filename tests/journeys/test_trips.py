"""Seats on learning trips from one delegate to the next: the real site, a real worker, a real mail server."""

from datetime import timedelta

import pytest
from icalendar import Calendar
from sqlalchemy import select

from dofc_events.core.clock import now
from dofc_events.notices.models import UntoldNews
from tests.journeys.test_delegate import ANSWERS, check, link_in, text_of
from tests.support.factories import make_edition, make_trip
from tests.support.network import NetworkClient


@pytest.fixture
def edition(writing):
    """Open now; two trips on different days with one seat each."""
    with writing() as session:
        edition = make_edition(session, now=now(), capacity=10)
        make_trip(session, edition, "bridges", capacity=1, title="Bridges")
        starts_at = edition.begins_at() + timedelta(hours=48)
        ends_at = starts_at + timedelta(hours=4)
        make_trip(session, edition, "docks", capacity=1, title="Docks", starts_at=starts_at, ends_at=ends_at)
        return edition


def register(site, edition, name: str):
    answers = ANSWERS | {"given_name": name, "email": f"{name}@dofc.test", "trips": ["bridges", "docks"]}
    return NetworkClient(site.url).get(f"/editions/{edition.year}/register").form().fill(answers).submit()


def seats_on(page) -> dict[str, str]:
    return {str(tag["data-trip"]): str(tag["data-trip-status"]) for tag in page.all("[data-trip]")}


def events_in(message) -> dict[str, str]:
    (file,) = message.iter_attachments()
    events = Calendar.from_ical(file.get_content()).walk("VEVENT")
    return {str(event["SUMMARY"]).partition(",")[0].rpartition(": ")[2]: str(event["STATUS"]) for event in events}


@pytest.mark.databases("sqlite")
def test_who_cancels_frees_seats_and_the_next_is_told_once(live_server, smtp, database_url, writing, edition):
    site = live_server(database_url, smtp)
    worker = site.run_worker()
    ana = register(site, edition, "ana")
    assert seats_on(ana) == {"bridges": "confirmed", "docks": "confirmed"}
    boris = register(site, edition, "boris")
    assert seats_on(boris) == {"bridges": "waitlisted", "docks": "waitlisted"}
    smtp.wait_for(2)
    (to_ana,), (to_boris,) = smtp.messages_to("ana@dofc.test"), smtp.messages_to("boris@dofc.test")
    check(to_ana, "registration-confirmed")
    check(to_boris, "registration-confirmed")
    assert events_in(to_ana) == {edition.name: "CONFIRMED", "Bridges": "CONFIRMED", "Docks": "CONFIRMED"}
    assert events_in(to_boris) == {edition.name: "CONFIRMED"}
    assert "number 1 on its" in " ".join(text_of(to_boris).split())

    ana.follow("Cancel this registration").form().submit("Cancel")
    smtp.wait_for(4)
    _, offered = smtp.messages_to("boris@dofc.test")
    check(offered, "trip-offered")
    assert "A seat on “Bridges” is free" in text_of(offered) and "A seat on “Docks” is free" in text_of(offered)

    page = NetworkClient(site.url).get(link_in(offered, "/offer"))
    assert seats_on(page) == {"bridges": "offered", "docks": "offered"}
    forms = {form["aria-labelledby"]: form for form in page.all("section[aria-labelledby]")}
    assert set(forms) == {"seat-bridges", "seat-docks"}
    own = page.form("section[aria-labelledby=seat-bridges] form").submit("Accept the seat")
    assert seats_on(own) == {"bridges": "confirmed", "docks": "offered"}
    own = own.form("/offer").submit("Decline").form().submit("Decline the seat")
    assert seats_on(own) == {"bridges": "confirmed", "docks": "cancelled"}
    smtp.wait_for(5)
    (accepted,) = smtp.messages_to("boris@dofc.test")[2:]
    check(accepted, "trip-confirmed")
    assert events_in(accepted) == {edition.name: "CONFIRMED", "Bridges": "CONFIRMED"}

    own.follow("Change trips").form().fill(trips=[]).submit()
    # What else he changes within the same minutes is told together.
    with writing() as session:
        news = session.scalars(select(UntoldNews)).all()
        assert {one.due_at > now() for one in news} == {True}
        for one in news:
            one.due_at = now()
    smtp.wait_for(6)
    gone = smtp.messages_to("boris@dofc.test")[-1]
    check(gone, "trip-cancelled")
    assert events_in(gone) == {edition.name: "CONFIRMED", "Bridges": "CANCELLED"}
    assert site.flask("check").strip() == "Everything adds up."
    assert len(smtp.messages) == 6
    assert worker.stop() == 0
