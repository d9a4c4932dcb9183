"""Two registrations of one person become one, and the numbers add up."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from dofc_events.commands.check import faults
from dofc_events.core.audit import Actor, history_of
from dofc_events.delegates.doubles.service import NoSuchPair, likely_doubles
from dofc_events.delegates.service import details_of
from dofc_events.places.models import Arrival, Pool
from dofc_events.places.options.queries import option_pools
from dofc_events.questions.queries import answered_by, answers_of, questions_of
from dofc_events.registration.answers.service import give_answers
from dofc_events.registration.arrivals.service import note_arrival
from dofc_events.registration.doubles import service as doubles
from dofc_events.registration.doubles.service import Merging
from dofc_events.registration.notes.service import tag_one
from dofc_events.trips.bus.service import board
from dofc_events.trips.models import Trip
from tests.support.factories import (
    NOW,
    claim_of,
    find_doubles,
    make_edition,
    make_question,
    make_registration,
    make_three_trips,
    make_trip,
    seat_of,
    seats_of,
)
from tests.support.letters import deliver_all, unsent

ELENA = Actor("account", "elena@dofc.test")
LATER = NOW + timedelta(minutes=5)


@pytest.fixture
def pair(session):
    """Ana twice, with a seat on a full trip each, and somebody who waits for both the place and the seat."""
    edition = make_edition(session, capacity=2, offer_hours=0)
    _wine, port = (make_trip(session, edition, slug, capacity=1) for slug in ("wine", "port"))
    port.starts_at, port.ends_at = port.starts_at + timedelta(hours=5), port.ends_at + timedelta(hours=5)
    names: dict[str, Any] = {"given_name": "Ana", "family_name": "Kovač", "organisation": "Zelena"}
    one = make_registration(session, edition, **names, trips=("wine",), email="ana@dofc.test")
    other = make_registration(session, edition, **names, trips=("port",), job_title="Chair", email="ana@other.test")
    make_registration(session, edition, trips=("wine", "port"), given_name="Zoe", email="zoe@dofc.test")
    find_doubles(session, [one.id, other.id])
    deliver_all(session)
    return likely_doubles(session, edition.id, limit=1)[0]


def pools_by_option(session, edition) -> dict[str, Pool]:
    pools = option_pools(session, edition.id)
    options = [option for one in questions_of(session, edition.id) for option in one.options]
    return {option.key: pools[option.id] for option in options if option.id in pools}


def merging(session, pair, **changes) -> Merging:
    digest = doubles.digest_of(session, pair)
    wanted = Merging(True, details_of(pair.second), pair.first.email, "Twice.", digest, answers={}, note="")
    return replace(wanted, **changes)


@pytest.mark.databases("sqlite")
def test_the_one_that_stays_has_place_details_and_the_seats_of_both(session, pair):
    doubles.merge(session, pair.edition_id, pair.id, merging(session, pair), ELENA, LATER)
    kept, other = pair.first, pair.second
    assert (claim_of(session, kept).status, claim_of(session, other).status) == ("confirmed", "cancelled")
    assert kept.job_title == "Chair" and kept.email == "ana@dofc.test"
    assert seats_of(session, kept) == {"wine": "confirmed", "port": "confirmed"}
    assert [message.kind for message in unsent(session, to=other.email)] == ["registration-cancelled"]
    assert {message.kind for message in unsent(session, to=kept.email)} == {"trip-confirmed", "registration-changed"}
    # The place is passed on, and the seat is not.
    assert [message.kind for message in unsent(session, to="zoe@dofc.test")] == ["registration-confirmed"]
    assert "merged" in [entry.act for entry in history_of(session, kept.reference)]
    assert faults(session) == []


@pytest.mark.databases("sqlite")
def test_the_other_is_not_told_and_its_address_and_seats_are_as_chosen(session, pair):
    wanted = merging(session, pair, quiet=True, seats=False, email=pair.second.email)
    doubles.merge(session, pair.edition_id, pair.id, wanted, ELENA, LATER)
    assert pair.first.email == "ana@other.test"
    assert seats_of(session, pair.first) == {"wine": "confirmed"}
    told = unsent(session, to="ana@other.test")
    assert {message.about for message in told} == {pair.first.reference}
    assert faults(session) == []


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(
    ("capacity", "has", "told"),
    [
        (3, {"wine": "confirmed", "port": "waitlisted"}, {"trip-waitlisted"}),
        (2, {"wine": "confirmed", "port": "waitlisted"}, {"trip-waitlisted"}),
        (1, {"wine": "requested", "mill": "requested", "port": "requested"}, {"trip-changed"}),
    ],
    ids=["both have places", "the other waits", "both wait"],
)
def test_the_one_that_stays_waits_for_what_the_other_waited_for(session, capacity, has, told):
    """The mill is at the time of the wine, and Zoe has the only seat on it and on the port."""
    edition = make_edition(session, capacity=capacity, offer_hours=0)
    *_trips, port = make_three_trips(session, edition)
    people = ("zoe", ("mill", "port")), ("ana", ("wine",)), ("a.k", ("mill", "port")), ("yan", ("port",))
    _zoe, kept, other, yan = (
        make_registration(session, edition, given_name="Ana", family_name="Ilić", email=f"{who}@dofc.test", trips=trips)
        for who, trips in people
    )
    find_doubles(session, [kept.id, other.id])
    deliver_all(session)
    pairs = likely_doubles(session, edition.id, limit=9)
    pair = next(one for one in pairs if {one.first, one.second} == {kept, other})
    wanted = merging(session, pair, keeps_first=kept is pair.first, details=details_of(kept), email=kept.email)
    doubles.merge(session, edition.id, pair.id, wanted, ELENA, LATER)
    assert seats_of(session, kept) == has
    assert {message.kind for message in unsent(session, to=kept.email)} == told
    if capacity == 3:
        assert seat_of(session, kept, port).position < seat_of(session, yan, port).position
    assert faults(session) == []


@pytest.mark.databases("sqlite")
def test_nothing_is_merged_of_what_has_changed_or_was_settled(session, pair):
    wanted = merging(session, pair)
    pair.first.organisation = "Drvo"
    session.flush()
    with pytest.raises(doubles.PairChanged):
        doubles.merge(session, pair.edition_id, pair.id, wanted, ELENA, LATER)
    pair.told_apart_at = NOW
    session.flush()
    with pytest.raises(NoSuchPair):
        doubles.merge(session, pair.edition_id, pair.id, merging(session, pair), ELENA, LATER)


def test_answers_with_limited_places_notes_and_tags_go_to_the_one_that_stays(session, pair):
    """The last single room is the other's: it goes with the answer, past nobody."""
    edition, kept, other = pair.first.edition, pair.first, pair.second
    make_question(session, edition, "hotel", options=("Single", "Double"), places={"single": 1, "double": 5})
    make_question(session, edition, "dinner", options=("Fish", "Meat"), places={"fish": 1})
    give_answers(session, kept, {"hotel": ("double",)}, NOW)
    give_answers(session, other, {"hotel": ("single",), "dinner": ("fish",)}, NOW)
    tag_one(session, kept.id, "vip", ELENA, NOW)
    for word in ("vip", "speaker"):
        tag_one(session, other.id, word, ELENA, NOW)
    wanted = merging(session, pair, answers={"hotel": ("single",), "dinner": ("fish",)}, note="Paid in cash")
    doubles.merge(session, pair.edition_id, pair.id, wanted, ELENA, LATER)
    assert answers_of(answered_by(session, kept.id)) == {"hotel": ("single",), "dinner": ("fish",)}
    assert sorted(tag.word for tag in kept.tags) == ["speaker", "vip"] and kept.note == "Paid in cash"
    taken = {key: pool.taken for key, pool in pools_by_option(session, edition).items()}
    assert taken == {"single": 1, "double": 0, "fish": 1}
    assert faults(session) == []


@pytest.mark.databases("sqlite")
def test_places_of_options_that_the_other_held_are_free_again(session, pair):
    make_question(session, pair.first.edition, "hotel", options=("Single", "Double"), places={"single": 1})
    give_answers(session, pair.second, {"hotel": ("single",)}, NOW)
    doubles.merge(session, pair.edition_id, pair.id, merging(session, pair), ELENA, LATER)
    assert pools_by_option(session, pair.first.edition)["single"].taken == 0
    assert faults(session) == []


@pytest.mark.databases("sqlite")
def test_a_note_that_was_written_meanwhile_is_not_merged_unseen(session, pair):
    wanted = merging(session, pair)
    pair.second.note = "Needs a ramp"
    with pytest.raises(doubles.PairChanged):
        doubles.merge(session, pair.edition_id, pair.id, wanted, ELENA, LATER)


def test_arrivals_of_each_day_and_the_seat_on_the_bus_go_to_the_one_that_stays(session, pair):
    kept, other = pair.first, pair.second
    for person, hours in ((other, 0), (kept, 1), (other, 24)):
        note_arrival(session, person.id, ELENA, NOW + timedelta(hours=hours))
    board(session, pair.edition_id, "port", other.id, ELENA, LATER)
    doubles.merge(session, pair.edition_id, pair.id, merging(session, pair), ELENA, LATER)
    arrived = session.execute(select(Arrival.claim_id, Arrival.at).order_by(Arrival.at)).all()
    assert arrived == [(claim_of(session, kept).id, at) for at in (NOW, NOW + timedelta(days=1))]
    assert (claim_of(session, kept).used_at, claim_of(session, other).used_at) == (NOW, None)
    port = session.scalars(select(Trip).where(Trip.slug == "port")).one()
    assert (seat_of(session, kept, port).used_at, seat_of(session, other, port).used_at) == (LATER, None)
    assert faults(session) == []


@pytest.mark.databases("sqlite")
def test_who_has_arrived_does_not_lose_the_place_by_merging(session, pair):
    waits = make_registration(session, pair.first.edition, given_name="Ana", family_name="Kovač", email="a@dofc.test")
    find_doubles(session, [waits.id])
    pair = next(one for one in likely_doubles(session, pair.edition_id, limit=9) if waits in (one.first, one.second))
    kept_first, arrived = (True, pair.second) if pair.first is waits else (False, pair.first)
    note_arrival(session, arrived.id, ELENA, NOW)
    wanted = merging(session, pair, keeps_first=kept_first)
    with pytest.raises(doubles.ArrivedWithOther):
        doubles.merge(session, pair.edition_id, pair.id, wanted, ELENA, LATER)
