"""Wishes for learning trips that will be drawn: their ranks on the form and on the delegate's own pages."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from dofc_events.conference.rules import TripMode
from dofc_events.core.audit import COMMAND
from dofc_events.delegates.models import Registration
from dofc_events.registration.trips import service as seats
from tests.registration.conftest import FORM
from tests.registration.own.conftest import TRAVELLER, register, seats_on, trips_page, two_tabs, words_on
from tests.support.factories import NOW
from tests.support.letters import kinds, letters


def set_mode(act, edition, mode, closes_at=None):
    act(seats.set_sign_up, edition.id, mode, None, closes_at, COMMAND, NOW)


def test_wishes_are_ranked_by_number_and_can_be_changed_until_sign_up_closes(client, edition, act, clock, reading):
    set_mode(act, edition, TripMode.DRAW, NOW + timedelta(hours=2))
    form = client.get(FORM).form()
    assert "trips" not in form.names and {"preference-bridges", "preference-cellars", "any_trip"} < set(form.names)
    own = form.fill(TRAVELLER | {"preference-cellars": "1", "preference-bridges": "3", "any_trip": True}).submit()
    assert seats_on(own) == {"bridges": "requested", "cellars": "requested", "docks": "none"}
    assert [seat.select_one("h3").text for seat in own.all(".trip-list li")] == ["Cellars", "Bridges", "Docks"]
    assert words_on(own) == {
        "cellars": "Requested 1st choice",
        "bridges": "Requested 2nd choice",
        "docks": "Not chosen",
    }
    assert "you may get a seat on any other trip" in own.text
    assert "The seats are drawn after sign-up closes at 16:00, Monday 2 November 2026." in own.text
    form = trips_page(client, own).form()
    assert (form.value("preference-cellars"), form.value("preference-bridges")) == ("1", "2")
    assert form.value("any_trip")
    own = form.fill(
        {"preference-bridges": "1", "preference-cellars": "2", "preference-docks": "", "any_trip": False}
    ).submit()
    form = trips_page(client, own).form()
    assert (form.value("preference-cellars"), form.value("preference-bridges")) == ("2", "1")
    assert not form.value("any_trip")
    with reading() as session:
        assert kinds(session, to="zoe@dofc.test") == ["registration-confirmed", "trip-changed"]
        first, _changed = letters(session, to="zoe@dofc.test")
        said = " ".join(first.text.split())
        assert "You asked for “Cellars” (1st choice). The seats will be drawn once sign-up has closed." in said
    undecided = client.another().get(FORM).form().fill(TRAVELLER | {"email": "undecided@dofc.test"}).submit()
    assert "published result" not in undecided.text
    clock.shift(timedelta(hours=2))
    page = form.fill({"preference-bridges": "2", "preference-cellars": "1"}).submit()
    assert page.status == 422 and "no longer available" in page.text
    closed = trips_page(client, own)
    assert "The seats will be drawn next. We will email you the result." in closed.text
    # Nobody has a seat before the draw.
    for page in (client.get(own.url), closed):
        assert "being drawn" not in page.text and "give back" not in page.text.casefold()
    assert "Untick a trip to withdraw your request." in closed.text
    assert client.get(own.url).follow("Withdraw a request").h1 == closed.h1
    assert "Tick the trips you would like" not in closed.text
    # Nobody is promised the result of a draw that they are not in.
    later = client.get(undecided.url)
    assert "Seats that are free after the draw go first come" in later.text and "email you the result" not in later.text
    gone = closed.form().fill(trips=["cellars"]).submit()
    assert seats_on(gone) == {"bridges": "cancelled", "cellars": "requested", "docks": "none"}


@pytest.mark.parametrize(
    ("ranks", "said"),
    [
        ({"preference-bridges": "1", "preference-cellars": "1"}, "the same number"),
        ({"preference-bridges": "first"}, "from the list"),
        ({"preference-bridges": "0"}, "from the list"),
        ({"preference-bridges": "٣"}, "from the list"),
        ({"preference-bridges": "1.5"}, "from the list"),
        ({"preference-bridges": "9" * 400}, "from the list"),
        ({"preference-bridges": "000000001" + "9" * 5000}, "from the list"),
    ],
)
def test_ranks_that_are_none_are_refused_and_kept(client, edition, act, ranks, said):
    set_mode(act, edition, TripMode.DRAW)
    page = client.get(FORM).form().fill(TRAVELLER).forge(ranks).submit()
    assert page.status == 422 and said in page.one("[data-error-summary]").text
    offered = ("", "1", "2", "3")
    assert all(page.form().value(name) == text for name, text in ranks.items() if text in offered)
    assert tuple(page.form().choices("preference-docks")) == offered


def test_two_tabs_that_rank_differently_are_shown_side_by_side(client, edition, act):
    set_mode(act, edition, TripMode.DRAW)
    own = register(client, **{"preference-docks": "1"})
    one, other = two_tabs(client, own)
    one.fill({"preference-docks": "2", "preference-bridges": "1", "any_trip": True}).submit()
    page = other.fill({"preference-cellars": "2"}).submit()
    assert page.status == 422
    assert [dd.get_text() for dd in page.all(".versions dd")] == ["1. Bridges\n2. Docks", "1. Docks\n2. Cellars"]
    assert seats_on(page.form().submit()) == {"bridges": "cancelled", "cellars": "requested", "docks": "requested"}
    assert trips_page(client, own).form().value("any_trip") == "y"


def test_giving_back_after_sign_up_keeps_that_any_trip_is_fine(client, edition, act, reading):
    set_mode(act, edition, TripMode.DRAW, NOW + timedelta(days=1))
    own = register(client, **{"preference-docks": "1", "preference-cellars": "2", "any_trip": True})
    with time_machine.travel(NOW + timedelta(days=2), tick=False):
        trips_page(client, own).form().fill(trips=["docks"]).submit()
    with reading() as session:
        assert session.scalars(select(Registration.any_trip).where(Registration.email == "zoe@dofc.test")).one()
