"""Acts on learning trips: what may be done when, and that everybody concerned is told, once an act."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from dofc_events.commands.check import faults
from dofc_events.conference.rules import EditionStatus, TripMode, Window
from dofc_events.core.audit import COMMAND, WORKER, AuditEntry
from dofc_events.delegates import service as delegates
from dofc_events.mail.rules import ADDRESS_LIMITS
from dofc_events.notices import queries
from dofc_events.notices import service as news
from dofc_events.notices.models import UntoldNews
from dofc_events.notices.rules import BATCH
from dofc_events.places.queries import edition_pool
from dofc_events.places.service import CapacityBelowTaken, NoOpenOffer, NothingFree
from dofc_events.registration import service, timers
from dofc_events.registration.service import RegistrationOver, SignUpNotOpen
from dofc_events.registration.trips import service as seats
from dofc_events.trips.service import details_of
from dofc_events.trips.sign_ups.service import SeatsOverlap, TripOver
from tests.support.crowd import make_crowd
from tests.support.factories import (
    DELEGATE,
    NOW,
    agreed,
    make_edition,
    make_registration,
    make_three_trips,
    make_trip,
    seat_of,
    seats_left,
    seats_of,
)
from tests.support.letters import deliver_all, kinds, letters, unsent

HOUR, FIVE_MINUTES = timedelta(hours=1), timedelta(minutes=5)


@pytest.fixture
def edition(session):
    """What becomes free is given at once, unless a test sets hours."""
    return make_edition(session, offer_hours=0.0)


@pytest.fixture
def trips(session, edition):
    return make_three_trips(session, edition)


@pytest.fixture
def person(session, edition, trips):
    """`person("wine")`: somebody with a place who asked for these trips and was told what became of it."""

    def make(*slugs):
        made = make_registration(session, edition, trips=slugs)
        deliver_all(session)
        return made

    return make


@pytest.fixture(autouse=True)
def sound(session):
    """Whatever a test did, the data is consistent in the end."""
    yield
    assert faults(session) == []


def choose(session, who, *slugs, any_trip=False, now=NOW) -> bool:
    return seats.choose_trips(session, who.id, slugs, any_trip=any_trip, actor=DELEGATE, now=now)


def told(session, *people) -> list[list[str]]:
    """The kinds of what each of them is told now."""
    return [[message.kind for message in unsent(session, to=person.email)] for person in people]


def audited(session, act: str) -> list[dict]:
    entries = session.scalars(select(AuditEntry).where(AuditEntry.act == act).order_by(AuditEntry.id))
    return [entry.details for entry in entries]


def tell_due(session, at) -> None:
    news.tell_news(session, queries.untold_news(session, 999, at), at)


# The delegate's own acts


def test_choosing_again_and_again_is_told_once_and_at_last(session, person):
    """Whoever registers somebody else's address must not be able to fill their mailbox."""
    who, start = person(), NOW + HOUR
    for number in range(40):
        choose(session, who, *(("wine",) if number % 2 == 0 else ("port",)), now=start + timedelta(seconds=number))
    first, second = unsent(session, to=who.email)
    assert "You have a seat on “Wine”" in first.text and "You have a seat on “Port”" in second.text
    # Nothing is told twice, nor before its time: five minutes after the first of them.
    tell_due(session, start + FIVE_MINUTES - timedelta(seconds=1))
    assert len(unsent(session, to=who.email)) == 2
    tell_due(session, start + FIVE_MINUTES)
    _, _, third = unsent(session, to=who.email)
    assert "You have a seat on “Port”" in third.text and "You have given back “Wine”" in third.text
    assert session.scalar(select(func.count()).select_from(UntoldNews)) == 0


def test_whoever_goes_on_choosing_causes_no_more_emails_than_the_limits_allow(session, person):
    who, at = person(), NOW + HOUR
    for number in range(150):
        at += timedelta(minutes=10)
        choose(session, who, *(("wine",) if number % 2 == 0 else ()), now=at)
        tell_due(session, at)
    written = [message.queued_at for message in letters(session, to=who.email)]
    for count, span in ADDRESS_LIMITS:
        assert all(later - earlier >= span for earlier, later in zip(written, written[count:], strict=False))
    # Nothing stays untold.
    tell_due(session, at + timedelta(days=1))
    assert "given back" in letters(session, to=who.email)[-1].text


def test_details_and_trips_that_are_changed_together_wait_together(session, person):
    who, at = person(), NOW + HOUR
    for number in range(4):
        service.change_details(session, who.id, replace(delegates.details_of(who), phone=f"{number}"), DELEGATE, at)
    choose(session, who, "wine", now=at)
    assert kinds(session, to=who.email)[1:] == ["registration-changed"] * 2
    tell_due(session, at + FIVE_MINUTES)
    *_, seat, changed = unsent(session, to=who.email)
    assert (seat.kind, changed.kind) == ("trip-confirmed", "registration-changed")
    assert "Changed: mobile phone." in changed.text and "The organisers changed" not in changed.text


def test_what_waits_is_told_at_once_with_what_others_do(session, edition, trips, person):
    who = person()
    for slugs in (("wine",), (), ("port",), ("wine",)):
        choose(session, who, *slugs, now=NOW + HOUR)
    seats.cancel_trip(session, edition.id, "wine", COMMAND, NOW + HOUR)
    last = unsent(session, to=who.email)[-1]
    assert "“Wine” has been cancelled" in last.text and "You have given back “Port”" in last.text
    assert session.scalar(select(func.count()).select_from(UntoldNews)) == 0


def test_an_offer_does_not_stand_longer_because_its_delegate_goes_on_choosing(session, edition, trips, person):
    edition.offer_hours, edition.revision = 2, 1
    holder, who = person("wine"), person("wine")
    choose(session, holder, now=NOW + HOUR)
    deliver_all(session, NOW + HOUR)
    assert seat_of(session, who, trips[0]).status == "offered"
    for number in range(9):
        choose(session, who, "wine", *(("port",) if number % 2 else ()), now=NOW + 3 * HOUR)
        deliver_all(session, NOW + 3 * HOUR)
    timers.lapse_offers(session, who.id, WORKER, NOW + 3 * HOUR)
    assert seat_of(session, who, trips[0]).status == "expired"


def test_registering_says_in_one_message_what_became_of_the_trips(session, person):
    first, second = person("wine"), person("wine", "port")
    assert kinds(session, to=first.email) == kinds(session, to=second.email) == ["registration-confirmed"]
    text = letters(session, to=second.email)[0].text
    assert "you are number 1 on its" in text and "You have a seat on “Port”." in text


@pytest.mark.parametrize(
    ("hours", "status", "kind"), [(0.0, "confirmed", "trip-confirmed"), (10.0, "offered", "trip-offered")]
)
def test_choose_trips_offers_what_was_given_back_to_the_next(session, edition, person, hours, status, kind):
    edition.offer_hours = hours
    holder, waiting, last = person("wine"), person("wine"), person("wine")
    assert choose(session, holder)
    assert [seats_of(session, p)["wine"] for p in (holder, waiting, last)] == ["cancelled", status, "waitlisted"]
    assert told(session, holder, waiting, last) == [["trip-cancelled"], [kind], []]


def test_choose_trips_tells_nobody_when_nothing_changed(session, person):
    who = person("wine", "port")
    assert not choose(session, who, "wine", "port")
    assert told(session, who) == [[]]


def test_choose_trips_notes_that_any_other_trip_is_fine_without_a_message(session, person):
    who = person("wine")
    assert choose(session, who, "wine", any_trip=True) and who.any_trip
    assert not choose(session, who, "wine", any_trip=True)
    assert told(session, who) == [[]]


@pytest.mark.parametrize("window", [Window.NOT_YET, Window.CLOSED])
def test_choose_trips_only_gives_back_when_sign_up_is_not_open(session, edition, person, window):
    who = person("wine", "port")
    if window is Window.NOT_YET:
        edition.trips_open_at = NOW + HOUR
    else:
        edition.trips_close_at = NOW - HOUR
    for slugs, any_trip in ((("wine", "port", "mill"), False), (("port", "wine"), False), (("wine",), True)):
        with pytest.raises(SignUpNotOpen) as refused:
            choose(session, who, *slugs, any_trip=any_trip)
        assert refused.value.window is window
    assert choose(session, who, "port")
    assert seats_of(session, who) == {"wine": "cancelled", "port": "confirmed"}


def test_choose_trips_gives_back_after_the_edition_has_begun_and_nobody_moves_up(session, edition, person, trips):
    holder, waiting = person("port"), person("port")
    choose(session, holder, now=edition.begins_at())
    assert seats_of(session, waiting) == {"port": "waitlisted"}
    assert seats_left(session, trips[2]) == 1
    edition.starts_on = (NOW - 24 * HOUR).date()
    session.flush()


@pytest.mark.parametrize("ended", ["cancelled", "over"])
def test_choose_trips_is_refused_when_the_registration_is_over(session, edition, person, ended):
    who = person("wine")
    if ended == "cancelled":
        service.cancel_registration(session, who.id, DELEGATE, NOW)
    with pytest.raises(RegistrationOver):
        choose(session, who, "port", now=edition.finishes_at() if ended == "over" else NOW)


def test_choose_trips_is_refused_when_the_offer_of_the_place_has_lapsed(session, edition, placed_and_not):
    leaving, waiting = placed_and_not
    edition.offer_hours = 1.0
    service.cancel_registration(session, leaving.id, DELEGATE, NOW)
    deliver_all(session)
    timers.lapse_offers(session, waiting.id, WORKER, NOW + HOUR)
    with pytest.raises(RegistrationOver):
        choose(session, waiting, "wine", now=NOW + HOUR)


def test_choose_trips_refuses_what_overlaps_and_what_is_over(session, edition, person):
    who = person("wine")
    with pytest.raises(SeatsOverlap):
        choose(session, who, "wine", "mill")
    seats.cancel_trip(session, edition.id, "port", COMMAND, NOW)
    with pytest.raises(TripOver):
        choose(session, who, "wine", "port")
    assert seats_of(session, who) == {"wine": "confirmed"}


@pytest.fixture
def offered(session, edition, person):
    """Somebody with an offer of the wine for ten hours, which is told; another one is waiting for it too."""
    edition.offer_hours = 10.0
    holder, who, waiting = person("wine"), person("wine"), person("wine")
    choose(session, holder)
    deliver_all(session)
    return who, waiting


def test_accept_seat_gives_it_and_tells_only_who_accepts(session, offered):
    who, waiting = offered
    seats.accept_seat(session, who.id, "wine", DELEGATE, NOW + HOUR)
    assert (seats_of(session, who)["wine"], seats_of(session, waiting)["wine"]) == ("confirmed", "waitlisted")
    assert told(session, who, waiting) == [["trip-confirmed"], []]


def test_accept_seat_says_in_the_same_message_what_ends_with_it(session, edition, offered, person):
    who, _ = offered
    person("mill")
    choose(session, who, "wine", "mill")
    deliver_all(session)
    assert seats_of(session, who)["mill"] == "waitlisted"
    seats.accept_seat(session, who.id, "wine", DELEGATE, NOW + HOUR)
    (message,) = unsent(session, to=who.email)
    assert message.kind == "trip-confirmed"
    text = " ".join(message.text.split())
    assert "“Mill” takes place while you are on another trip" in text and "You have a seat on “Wine”." in text


def test_decline_seat_passes_it_on_and_tells_both(session, offered):
    who, waiting = offered
    seats.decline_seat(session, who.id, "wine", DELEGATE, NOW + HOUR)
    assert (seats_of(session, who)["wine"], seats_of(session, waiting)["wine"]) == ("cancelled", "offered")
    assert told(session, who, waiting) == [["trip-cancelled"], ["trip-offered"]]


@pytest.mark.parametrize("answer", [seats.accept_seat, seats.decline_seat])
def test_an_answer_is_refused_when_the_offer_does_not_stand(session, offered, answer):
    who, waiting = offered
    for person, slug, now in (
        (who, "wine", NOW + 10 * HOUR),
        (who, "mill", NOW),
        (who, "sea", NOW),
        (waiting, "wine", NOW),
    ):
        with pytest.raises(NoOpenOffer):
            answer(session, person.id, slug, DELEGATE, now)
    service.cancel_registration(session, who.id, DELEGATE, NOW)
    with pytest.raises(RegistrationOver):
        answer(session, who.id, "wine", DELEGATE, NOW)


# Without a place at the edition


@pytest.fixture
def placed_and_not(session, edition, person):
    """One with the only place and a seat on the wine; one who waits for a place and asked for wine and port."""
    edition_pool(session, edition.id).capacity = 1
    return person("wine"), person("wine", "port")


def test_somebody_without_a_place_takes_no_seat_from_anybody(session, placed_and_not, trips):
    _, waiting = placed_and_not
    assert seats_of(session, waiting) == {"wine": "requested", "port": "requested"}
    assert seats_left(session, trips[2]) == 1
    assert kinds(session, to=waiting.email) == ["registration-waitlisted"]
    assert "When your place is confirmed, you will get a seat" in " ".join(
        letters(session, to=waiting.email)[0].text.split()
    )


def test_moving_up_at_the_edition_and_on_two_trips_at_once_is_one_message(session, placed_and_not):
    leaving, waiting = placed_and_not
    service.cancel_registration(session, leaving.id, DELEGATE, NOW)
    assert seats_of(session, waiting) == {"wine": "confirmed", "port": "confirmed"}
    assert told(session, leaving, waiting) == [["registration-cancelled"], ["registration-confirmed"]]
    text = unsent(session, to=waiting.email)[0].text
    assert "You have a seat on “Wine”." in text and "You have a seat on “Port”." in text


def test_accepting_the_place_turns_what_was_requested_into_seats(session, edition, placed_and_not):
    edition.offer_hours = 10.0
    leaving, waiting = placed_and_not
    service.cancel_registration(session, leaving.id, DELEGATE, NOW)
    assert seats_of(session, waiting) == {"wine": "requested", "port": "requested"}
    deliver_all(session)
    service.accept_offer(session, waiting.id, DELEGATE, NOW + HOUR)
    assert seats_of(session, waiting) == {"wine": "confirmed", "port": "confirmed"}
    assert told(session, waiting) == [["registration-confirmed"]]


def test_who_gets_a_place_stands_behind_those_who_waited_for_a_seat_before(session, edition, person, trips):
    edition_pool(session, edition.id).capacity = 2
    _, before, late = person("wine"), person(), person("wine", "port")
    choose(session, before, "wine")
    deliver_all(session)
    service.resize_edition(session, edition.id, 3, COMMAND, NOW)
    assert seats_of(session, late) == {"wine": "waitlisted", "port": "confirmed"}
    assert seat_of(session, before, trips[0]).position < seat_of(session, late, trips[0]).position
    assert told(session, before, late) == [[], ["registration-confirmed"]]


def test_rejoining_with_a_free_place_gives_the_seats_that_were_asked_for(session, edition, placed_and_not):
    leaving, waiting = placed_and_not
    edition.offer_hours = 1.0
    service.cancel_registration(session, leaving.id, DELEGATE, NOW)
    deliver_all(session)
    timers.lapse_offers(session, waiting.id, WORKER, NOW + 2 * HOUR)
    assert seats_of(session, waiting) == {"wine": "requested", "port": "requested"}
    service.rejoin_list(session, waiting.id, DELEGATE, NOW + 3 * HOUR)
    assert seats_of(session, waiting) == {"wine": "confirmed", "port": "confirmed"}
    assert kinds(session, to=waiting.email)[-1] == "registration-confirmed"


def test_cancelling_a_registration_tells_the_next_on_every_trip_once(session, person):
    leaving, both, one = person("wine", "port"), person("wine", "port"), person("port")
    service.cancel_registration(session, leaving.id, DELEGATE, NOW)
    assert seats_of(session, leaving) == {"wine": "cancelled", "port": "cancelled"}
    assert seats_of(session, both) == {"wine": "confirmed", "port": "confirmed"}
    assert told(session, leaving, both, one) == [["registration-cancelled"], ["trip-confirmed"], []]


def test_later_dates_let_somebody_move_up_on_a_trip_who_could_not_before(session, edition, person):
    holder, waiting = person("wine"), person("wine")
    right = edition.starts_on
    edition.starts_on = (NOW - 24 * HOUR).date()
    session.flush()
    choose(session, holder)
    assert seats_of(session, waiting) == {"wine": "waitlisted"}
    edition.starts_on = right
    session.flush()
    service.resize_edition(session, edition.id, 100, COMMAND, NOW)
    assert seats_of(session, waiting) == {"wine": "confirmed"}
    assert told(session, waiting) == [["trip-confirmed"]]


# Organisers


def test_cancel_trip_tells_everyone_on_it_once(session, edition, person, trips):
    holder, waiting, other = person("wine", "mill"), person("wine"), person("port")
    on_mill = person("mill")
    seats.cancel_trip(session, edition.id, "wine", COMMAND, NOW)
    assert told(session, holder, waiting, other, on_mill) == [["trip-waitlisted"], ["trip-cancelled"], [], []]
    assert "“Wine” has been cancelled." in unsent(session, to=holder.email)[0].text
    deliver_all(session)
    seats.cancel_trip(session, edition.id, "wine", COMMAND, NOW)
    assert told(session, holder, waiting) == [[], []]
    assert audited(session, "trip_cancelled") == [{"trip": "wine"}]


def test_cancel_trip_is_told_by_the_worker_when_many_were_on_it(session, edition, trips):
    sea = make_trip(session, edition, "sea", capacity=BATCH + 1, starts_at=trips[0].starts_at)
    people = make_crowd(session, edition, BATCH + 4, trips=("sea",))
    deliver_all(session)
    seats.cancel_trip(session, edition.id, "sea", COMMAND, NOW)
    assert session.scalar(select(func.count()).select_from(UntoldNews)) == len(people) and unsent(session) == []
    # Meanwhile one of them acts, and hears of both in one message.
    choose(session, people[0], "wine")
    (message,) = unsent(session, to=people[0].email)
    assert message.kind == "trip-confirmed"
    assert "“Learning trip" in message.text and "has been cancelled" in message.text
    # And another act concerns one who is still to be told.
    choose(session, people[0])
    news.tell_news(session, queries.untold_news(session, 999, NOW), NOW)
    assert told(session, *people[1:]) == [["trip-cancelled"]] * (len(people) - 1)
    tell_due(session, NOW + FIVE_MINUTES)
    assert told(session, people[0]) == [["trip-confirmed", "trip-cancelled"]]
    assert sea.cancelled_at == NOW


def test_news_of_two_acts_are_one_message_when_the_worker_tells_them_together(session, edition, trips):
    seats.resize_trip(session, edition.id, "wine", 200, COMMAND, NOW)
    people = make_crowd(session, edition, BATCH + 2, trips=("wine",))
    deliver_all(session)
    wine = trips[0]
    for name in ("Wine of the hills", "Wine and hills"):
        changed = replace(details_of(wine), title=name)
        seats.change_trip(session, edition.id, "wine", changed, 200, COMMAND, NOW)
    seats.cancel_trip(session, edition.id, "wine", COMMAND, NOW)
    news.tell_news(session, queries.untold_news(session, 999, NOW), NOW)
    assert told(session, *people) == [["trip-cancelled"]] * len(people)
    assert "“Wine and hills” has been cancelled" in " ".join(unsent(session, to=people[0].email)[0].text.split())


def change(session, edition, trip, capacity=1, **changes) -> None:
    details = replace(details_of(trip), **changes)
    agreed(seats.change_trip, session, edition.id, trip.slug, details, capacity, COMMAND, NOW)


def test_change_trip_tells_everyone_on_it_when_place_or_time_change(session, edition, person, trips):
    holder, waiting, other = person("wine"), person("wine"), person("mill")
    wine = trips[0]
    change(session, edition, wine, description="With cheese.")
    assert told(session, holder, waiting, other) == [[], [], []]
    change(session, edition, wine, meeting_point="At the harbour", starts_at=wine.starts_at + HOUR / 2)
    assert told(session, holder, waiting, other) == [["trip-changed"], ["trip-changed"], []]
    assert "At the harbour" in unsent(session, to=holder.email)[0].text
    assert [sorted(details["changes"]) for details in audited(session, "trip_changed")] == [
        ["description"],
        ["meeting_point", "starts_at"],
    ]


def test_change_trip_says_nothing_when_nothing_changed(session, edition, person, trips):
    who = person("wine")
    change(session, edition, trips[0])
    assert told(session, who) == [[]] and audited(session, "trip_changed") == []


def test_change_trip_takes_the_seat_from_who_is_on_another_trip_at_the_new_time(session, edition, person, trips):
    wine, _, port = trips
    both, waiting = person("wine", "port"), person("port")
    change(session, edition, port, starts_at=wine.starts_at, ends_at=wine.ends_at)
    assert seats_of(session, both) == {"wine": "confirmed", "port": "cancelled"}
    assert seats_of(session, waiting) == {"port": "confirmed"}
    assert told(session, both, waiting) == [["trip-cancelled"], ["trip-confirmed"]]
    text = " ".join(unsent(session, to=both.email)[0].text.split())
    assert "“Port” now takes place while you are on another trip" in text


def test_change_trip_passes_on_what_more_seats_there_are_and_refuses_fewer_than_are_taken(
    session, edition, person, trips
):
    edition.offer_hours = 10.0
    people = [person("wine") for _ in range(3)]
    change(session, edition, trips[0], capacity=2)
    assert [seats_of(session, p)["wine"] for p in people] == ["confirmed", "offered", "waitlisted"]
    assert told(session, *people) == [[], ["trip-offered"], []]
    with pytest.raises(CapacityBelowTaken):
        change(session, edition, trips[0], capacity=1)
    assert audited(session, "trip_changed") == [{"trip": "wine", "changes": {"capacity": [1, 2]}}]


def test_resize_trip_offers_in_order_and_tells_each(session, edition, person):
    edition.offer_hours = 10.0
    people = [person("wine") for _ in range(4)]
    seats.resize_trip(session, edition.id, "wine", 3, COMMAND, NOW)
    assert [seats_of(session, p)["wine"] for p in people] == ["confirmed", "offered", "offered", "waitlisted"]
    assert told(session, *people) == [[], ["trip-offered"], ["trip-offered"], []]
    with pytest.raises(CapacityBelowTaken):
        seats.resize_trip(session, edition.id, "wine", 2, COMMAND, NOW)


def test_give_seat_is_told_and_recorded_with_its_reason(session, person):
    person("mill")
    who = person("mill")
    seats.give_seat(session, who.id, "wine", "speaks at the winery", COMMAND, NOW)
    assert seats_of(session, who) == {"wine": "confirmed", "mill": "cancelled"}
    assert told(session, who) == [["trip-confirmed"]]
    assert "The organisers gave you a seat on “Wine”." in unsent(session, to=who.email)[0].text
    assert audited(session, "seat_given") == [{"trip": "wine", "instead_of": "", "because": "speaks at the winery"}]


def test_give_seat_moves_and_the_seat_that_is_left_goes_to_the_next(session, person):
    who, waiting = person("wine"), person("wine")
    seats.give_seat(session, who.id, "mill", "asked at the desk", COMMAND, NOW, instead_of="wine")
    assert seats_of(session, who) == {"wine": "cancelled", "mill": "confirmed"}
    assert told(session, who, waiting) == [["trip-confirmed"], ["trip-confirmed"]]
    assert seats_of(session, waiting) == {"wine": "confirmed"}


def test_give_seat_is_refused_without_a_place_without_a_seat_and_beside_another(session, edition, person):
    on_wine, on_mill = person("wine"), person("mill")
    with pytest.raises(NothingFree):
        seats.give_seat(session, person().id, "wine", "", COMMAND, NOW)
    with pytest.raises(SeatsOverlap):
        seats.give_seat(session, on_wine.id, "mill", "", COMMAND, NOW)
    edition_pool(session, edition.id).capacity = 3
    with pytest.raises(seats.NoPlace):
        seats.give_seat(session, person().id, "port", "", COMMAND, NOW)
    with pytest.raises(RegistrationOver):
        seats.give_seat(session, on_mill.id, "port", "", COMMAND, edition.finishes_at())


def test_take_seat_passes_it_on_and_records_its_reason(session, person):
    who, waiting = person("wine"), person("wine")
    seats.take_seat(session, who.id, "wine", "did not come last year", COMMAND, NOW)
    assert seats_of(session, waiting) == {"wine": "confirmed"}
    assert told(session, who, waiting) == [["trip-cancelled"], ["trip-confirmed"]]
    assert "The organisers have taken you off “Wine”." in unsent(session, to=who.email)[0].text
    assert audited(session, "seat_taken") == [{"trip": "wine", "because": "did not come last year"}]


def set_mode(session, edition, mode) -> None:
    seats.set_sign_up(session, edition.id, mode, None, None, COMMAND, NOW)


def test_set_sign_up_turns_waits_into_wishes_and_back_in_the_same_order(session, edition, person, trips):
    holder, first, second = person("wine"), person("wine", "port"), person("wine")
    set_mode(session, edition, TripMode.DRAW)
    assert [seats_of(session, p) for p in (holder, first, second)] == [
        {"wine": "confirmed"},
        {"wine": "requested", "port": "confirmed"},
        {"wine": "requested"},
    ]
    assert told(session, holder, first, second) == [[], ["trip-changed"], ["trip-changed"]]
    deliver_all(session)
    # In the meantime a seat is given back, which nobody gets before the draw.
    choose(session, holder)
    assert seats_left(session, trips[0]) == 1
    deliver_all(session)
    set_mode(session, edition, TripMode.FIRST_COME)
    assert [seats_of(session, p)["wine"] for p in (first, second)] == ["confirmed", "waitlisted"]
    assert told(session, holder, first, second) == [[], ["trip-confirmed"], ["trip-waitlisted"]]


def test_set_sign_up_leaves_wishes_without_a_place_requested(session, edition, placed_and_not):
    _, waiting = placed_and_not
    set_mode(session, edition, TripMode.DRAW)
    set_mode(session, edition, TripMode.FIRST_COME)
    assert seats_of(session, waiting) == {"wine": "requested", "port": "requested"}
    assert told(session, waiting) == [[]]


def test_set_sign_up_gives_nobody_two_seats_at_the_same_time(session, edition, person):
    set_mode(session, edition, TripMode.DRAW)
    both = person("mill", "wine")
    assert seats_of(session, both) == {"mill": "requested", "wine": "requested"}
    set_mode(session, edition, TripMode.FIRST_COME)
    assert sorted(seats_of(session, both).values()) == ["cancelled", "confirmed"]
    assert told(session, both) == [["trip-confirmed"]]


def test_set_sign_up_records_what_changed_and_only_then(session, edition):
    set_mode(session, edition, TripMode.FIRST_COME)
    assert audited(session, "sign_up_changed") == []
    seats.set_sign_up(session, edition.id, TripMode.DRAW, NOW, NOW + HOUR, COMMAND, NOW)
    (details,) = audited(session, "sign_up_changed")
    assert details == {
        "changes": {
            "trip_mode": ["first-come", "draw"],
            "trips_open_at": [None, NOW.isoformat()],
            "trips_close_at": [None, (NOW + HOUR).isoformat()],
        }
    }


def test_nothing_moves_up_when_the_edition_is_archived(session, edition, person, trips):
    holder, waiting = person("wine"), person("wine")
    edition.status = EditionStatus.ARCHIVED
    seats.take_seat(session, holder.id, "wine", "over", COMMAND, NOW)
    assert seats_of(session, waiting) == {"wine": "waitlisted"}
