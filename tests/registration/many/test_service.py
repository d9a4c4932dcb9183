"""Acts on many registrations at once: exactly those who were shown, told once, and the numbers add up."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, select, update

from benchmarks.crowd import add_crowd
from dofc_events.commands.check import faults
from dofc_events.conference.models import Edition
from dofc_events.conference.rules import EditionStatus
from dofc_events.core.audit import AuditEntry, history_of
from dofc_events.delegates.models import Registration
from dofc_events.mail.models import Message
from dofc_events.mail.outbox import can_be_sent_again
from dofc_events.notices import queries
from dofc_events.notices.models import UntoldNews
from dofc_events.notices.rules import BATCH
from dofc_events.notices.service import tell_news
from dofc_events.places.models import Claim
from dofc_events.places.queries import edition_pool
from dofc_events.places.rules import ClaimStatus
from dofc_events.places.service import NothingFree
from dofc_events.registration import service
from dofc_events.registration.many import service as many
from dofc_events.registration.many.queries import selection_of
from dofc_events.registration.many.service import Order, SelectionChanged
from dofc_events.registration.queries import Audience
from dofc_events.registration.rules import Act, Obstacle
from dofc_events.registration.trips.service import choose_trips
from tests.registration.many.conftest import ORGANISER, WAITING, acts, make_people, order, pick, statuses, texts
from tests.support.crowd import make_crowd
from tests.support.databases import count_queries
from tests.support.factories import (
    DELEGATE,
    NOW,
    claim_of,
    make_edition,
    make_registration,
    make_trip,
    seats_of,
)
from tests.support.letters import deliver_all, kinds

# PostgreSQL is asked whatever these acts ask by those that say so; the others would ask it the same again.
pytestmark = pytest.mark.databases("sqlite")

LATER = NOW + timedelta(minutes=5)


def cancel_all(session, edition, number) -> None:
    many.cancel(session, edition.id, order(session, edition, Act.CANCEL), "Flooded.", ORGANISER, NOW)


def confirm_all(session, edition, number) -> None:
    waiting = order(session, edition, Act.CONFIRM, Audience(WAITING))
    many.confirm(session, edition.id, waiting, "A larger hall.", ORGANISER, NOW, enlarge=True)


def make_room_for_all(session, edition, number) -> None:
    service.resize_edition(session, edition.id, number, ORGANISER, NOW)


@pytest.mark.databases("sqlite", "postgresql")
@pytest.mark.parametrize(
    ("act", "capacity", "offer_hours", "asks_for_trips"),
    [
        (cancel_all, None, 72.0, True),
        (confirm_all, 0, 72.0, False),
        (make_room_for_all, 0, 72.0, True),
        (make_room_for_all, 0, 0.0, False),
    ],
    ids=["cancel", "confirm", "offer places", "give places"],
)
def test_as_much_is_read_under_the_lock_for_many_as_for_more(session, act, capacity, offer_hours, asks_for_trips):
    """Where everybody gets a message of their own at once, which more than BATCH do not, that is read for each."""
    reads = []
    for number in (BATCH + 10, 3 * BATCH):
        places = number if capacity is None else capacity
        edition = make_edition(session, year=2000 + number, capacity=places, offer_hours=offer_hours)
        trips = [make_trip(session, edition, capacity=number) for _ in range(3)]
        add_crowd(session, edition, number, NOW, trips if asks_for_trips else ())
        session.expunge_all()
        edition = session.get_one(Edition, edition.id)
        with count_queries() as queries:
            act(session, edition, number)
        assert len(set(session.scalars(select(UntoldNews.registration_id)))) > BATCH
        session.execute(delete(UntoldNews))
        reads.append([query for query in queries if query.startswith("SELECT")])
    assert len(reads[0]) == len(reads[1]), "\n".join(reads[1])


# Whom


def test_selection_says_for_whom_it_cannot_be_done_and_why(session):
    placed, offered, waiting, gone, lapsed = make_people(session, 5, capacity=2)
    edition = placed.edition
    service.cancel_registration(session, gone.id, DELEGATE, NOW)
    claim = claim_of(session, lapsed)
    claim.position, claim.status = None, ClaimStatus.EXPIRED
    session.flush()
    selection = selection_of(session, edition, Audience(), Act.CONFIRM, NOW)
    assert [person.id for person in selection.able] == [waiting.id]
    assert {why: len(people) for why, people in selection.unable.items()} == {
        Obstacle.HAS_PLACE: 2,
        Obstacle.CANCELLED: 1,
        Obstacle.NOT_WAITING: 1,
    }
    assert len(selection_of(session, edition, Audience(), Act.CANCEL, NOW).able) == 4
    assert len(selection_of(session, edition, Audience(), Act.TAG, NOW).able) == 5
    assert offered.id in [person.id for person in selection_of(session, edition, Audience(), Act.CATEGORY, NOW).able]


@pytest.mark.databases("sqlite", "postgresql")
def test_nothing_but_tags_is_possible_when_the_edition_is_over(session):
    edition = make_people(session, 2)[0].edition
    edition.status = EditionStatus.ARCHIVED
    session.flush()
    for act in (Act.CATEGORY, Act.CONFIRM, Act.CANCEL):
        selection = selection_of(session, edition, Audience(), act, NOW)
        assert (selection.able, list(selection.unable)) == ((), [Obstacle.EDITION_OVER])
    assert len(selection_of(session, edition, Audience(), Act.UNTAG, NOW).able) == 2


@pytest.mark.databases("sqlite", "postgresql")
def test_who_left_the_list_is_counted_and_not_acted_on(session):
    _, first, second = make_people(session, 3)
    edition = first.edition
    audience = pick(first, second, filters=WAITING)
    service.cancel_registration(session, second.id, DELEGATE, NOW)
    selection = selection_of(session, edition, audience, Act.CANCEL, NOW)
    assert (len(selection.able), selection.gone) == (1, 1)


def do(session, edition, act: Act, wanted: Order) -> int:
    return {
        Act.TAG: lambda: many.put_tag(session, edition.id, wanted, "vip", ORGANISER, NOW),
        Act.UNTAG: lambda: many.take_tag(session, edition.id, wanted, "vip", ORGANISER, NOW),
        Act.CATEGORY: lambda: many.change_category(session, edition.id, wanted, "guest", ORGANISER, NOW),
        Act.APPROVE: lambda: many.approve(session, edition.id, wanted, "welcome", ORGANISER, NOW),
        Act.CONFIRM: lambda: many.confirm(session, edition.id, wanted, "why", ORGANISER, NOW, enlarge=True),
        Act.CANCEL: lambda: many.cancel(session, edition.id, wanted, "why", ORGANISER, NOW),
    }[act]()


# A request is accepted of those alone who wait for that.
OF_WHO_WAITS = [act for act in Act if act is not Act.APPROVE]


@pytest.mark.parametrize("act", OF_WHO_WAITS)
def test_an_act_is_done_for_those_who_were_shown_whoever_came_meanwhile(session, act):
    """While three register every second, it was nearly always refused."""
    people = make_people(session, 3)
    edition, wanted = people[0].edition, order(session, people[0].edition, act, Audience(WAITING))
    late = make_registration(session, edition)
    before = (late.category_id, statuses(session, [late]))
    assert do(session, edition, act, wanted) == (0 if act is Act.UNTAG else 2)
    assert (late.category_id, statuses(session, [late])) == before and acts(session, late) == ["registered"]
    assert faults(session) == []


@pytest.mark.databases("sqlite", "postgresql")
@pytest.mark.parametrize("act", OF_WHO_WAITS)
def test_an_act_is_refused_when_one_of_those_who_were_shown_left_the_list(session, act):
    people = make_people(session, 3)
    edition, wanted = people[0].edition, order(session, people[0].edition, act, Audience(WAITING))
    service.cancel_registration(session, people[1].id, DELEGATE, NOW)
    with pytest.raises(SelectionChanged):
        do(session, edition, act, wanted)


@pytest.mark.parametrize(("act", "is_refused"), [(Act.TAG, False), (Act.CATEGORY, False), (Act.CANCEL, True)])
def test_an_act_is_refused_only_if_what_changed_matters_to_it(session, act, is_refused):
    """Somebody got a place since the page was shown: not to be cancelled unseen, but still to be tagged."""
    people = make_people(session, 2, offer_hours=0)
    edition, wanted = people[0].edition, order(session, people[0].edition, act, pick(people[1]))
    service.cancel_registration(session, people[0].id, DELEGATE, NOW)
    assert statuses(session, [people[1]]) == ["confirmed"]
    if is_refused:
        with pytest.raises(SelectionChanged):
            do(session, edition, act, wanted)
    else:
        assert do(session, edition, act, wanted) == 1


# Accept requests


def test_requests_are_accepted_in_their_order_and_told_once(session):
    edition = make_edition(session, capacity=2)
    guest = next(category for category in edition.categories if category.slug == "guest")
    guest.needs_approval = True
    people = make_people_of(session, edition, "company", "guest", "guest", "guest")
    wanted = order(session, edition, Act.APPROVE, pick(people[2], people[1]))
    late = make_registration(session, edition, category="guest")
    assert do(session, edition, Act.APPROVE, wanted) == 2
    assert statuses(session, [*people, late]) == ["confirmed", "confirmed", "waitlisted", "requested", "requested"]
    selection = selection_of(session, edition, Audience(), Act.CONFIRM, NOW)
    assert {why: len(people) for why, people in selection.unable.items()} == {
        Obstacle.HAS_PLACE: 2,
        Obstacle.NOT_APPROVED: 2,
    }
    assert kinds(session, to=people[1].email) == ["registration-waitlisted", "registration-confirmed"]
    assert faults(session) == []


def make_people_of(session, edition, *categories: str) -> list[Registration]:
    return [make_registration(session, edition, category=category) for category in categories]


# Confirm


@pytest.mark.databases("sqlite", "postgresql")
def test_confirming_gives_the_places_that_it_adds_to_those_picked_alone(session):
    people = make_people(session, 5)
    edition, last = people[0].edition, people[3:]
    wanted = order(session, edition, Act.CONFIRM, pick(*last))
    assert many.confirm(session, edition.id, wanted, "They speak.", ORGANISER, NOW, enlarge=True) == 2
    assert statuses(session, people) == ["confirmed", "waitlisted", "waitlisted", "confirmed", "confirmed"]
    pool = edition_pool(session, edition.id)
    assert (pool.capacity, pool.taken) == (3, 3)
    assert faults(session) == []
    for person in last:
        assert kinds(session, to=person.email)[1:] == ["registration-confirmed"]
        assert "They speak." in texts(session, person)[0]
        assert history_of(session, person.reference)[-1].details == {"because": "They speak."}
    changed = session.scalars(select(AuditEntry).where(AuditEntry.act == "capacity_changed")).one()
    assert changed.details == {"changes": {"capacity": [1, 3]}, "because": "They speak."}


def test_confirming_needs_a_free_place_when_none_is_added(session):
    people = make_people(session, 2)
    edition = people[0].edition
    with pytest.raises(NothingFree):
        many.confirm(session, edition.id, order(session, edition, Act.CONFIRM, Audience(WAITING)), "x", ORGANISER, NOW)


def test_confirming_who_has_an_offer_takes_no_further_place(session):
    first, second, third = make_people(session, 3, offer_hours=10)
    edition = first.edition
    service.cancel_registration(session, first.id, DELEGATE, NOW)
    deliver_all(session)
    audience = pick(second, third)
    assert selection_of(session, edition, audience, Act.CONFIRM, NOW).missing == 1
    many.confirm(session, edition.id, order(session, edition, Act.CONFIRM, audience), "x", ORGANISER, NOW, enlarge=True)
    pool = edition_pool(session, edition.id)
    assert (statuses(session, [second, third]), pool.capacity, pool.taken) == (["confirmed"] * 2, 2, 2)
    assert faults(session) == []


def test_seats_that_were_asked_for_follow_the_place(session):
    edition = make_edition(session, capacity=0)
    make_trip(session, edition, "mill")
    waiting = make_registration(session, edition, trips=("mill",))
    wanted = order(session, edition, Act.CONFIRM)
    many.confirm(session, edition.id, wanted, "x", ORGANISER, NOW, enlarge=True)
    assert seats_of(session, waiting) == {"mill": "confirmed"}
    assert faults(session) == []


# Cancel


def test_cancelling_passes_places_and_seats_to_those_who_stay(session):
    edition = make_edition(session, capacity=2, offer_hours=0)
    make_trip(session, edition, "mill", capacity=1)
    people = [make_registration(session, edition, trips=("mill",)) for _ in range(5)]
    deliver_all(session)
    gone, stays = people[:3], people[3:]
    wanted = order(session, edition, Act.CANCEL, pick(*gone))
    assert many.cancel(session, edition.id, wanted, "No answer for weeks.", ORGANISER, NOW) == 3
    assert statuses(session, people) == ["cancelled"] * 3 + ["confirmed"] * 2
    assert [seats_of(session, person)["mill"] for person in people] == ["cancelled"] * 3 + ["confirmed", "waitlisted"]
    assert faults(session) == []
    for person in gone:
        assert kinds(session, to=person.email)[1:] == ["registration-cancelled"]
        (text,) = texts(session, person)
        assert "No answer for weeks." in text and "host@dofc.test" in text
        # Nobody was promoted only to be cancelled.
        assert "confirmed" not in acts(session, person)
    for person in stays:
        assert kinds(session, to=person.email)[1:] == ["registration-confirmed"]


def test_many_are_told_by_the_worker_with_the_reason(session):
    people = make_people(session, BATCH + 2, capacity=BATCH + 1)
    edition = people[0].edition
    many.cancel(session, edition.id, order(session, edition, Act.CANCEL), "It burned down.", ORGANISER, NOW)
    assert texts(session, people[0]) == []
    tell_news(session, queries.untold_news(session, 10 * BATCH, NOW), NOW)
    assert [kinds(session, to=person.email)[1:] for person in people] == [["registration-cancelled"]] * len(people)
    assert "Your place is now free for the next in line" in texts(session, people[0])[0]
    assert "You are no longer on the waiting list" in texts(session, people[-1])[0]
    assert "It burned down." in texts(session, people[-1])[0]
    assert faults(session) == []


def test_a_reason_that_was_not_told_yet_is_not_given_for_what_the_delegate_did_since(session):
    people = make_people(session, BATCH + 2)
    edition, last = people[0].edition, people[-1]
    wanted = order(session, edition, Act.CONFIRM, Audience(WAITING))
    many.confirm(session, edition.id, wanted, "They speak.", ORGANISER, NOW, enlarge=True)
    service.cancel_registration(session, last.id, DELEGATE, NOW)
    (text,) = texts(session, last)
    assert "They speak." not in text
    assert "The organisers have cancelled" not in text


@pytest.mark.databases("sqlite", "postgresql")
def test_who_is_cancelled_quietly_is_not_told_and_who_moves_up_is(session):
    placed, other, next_one = make_people(session, 3, capacity=1, offer_hours=0.0)
    edition = placed.edition
    trip = make_trip(session, edition)
    choose_trips(session, placed.id, [trip.slug], any_trip=False, actor=DELEGATE, now=NOW)
    deliver_all(session)
    both = order(session, edition, Act.CANCEL, pick(placed, other))
    many.cancel(session, edition.id, both, "Test data.", ORGANISER, LATER, quiet=True)
    assert statuses(session, [placed, other, next_one]) == ["cancelled", "cancelled", "confirmed"]
    assert [texts(session, person) for person in (placed, other)] == [[], []] and len(texts(session, next_one)) == 1
    assert faults(session) == []
    assert queries.facts_without_message(session) == []
    # What says that they have a place is not sent once more, even on request.
    for message in session.scalars(select(Message).where(Message.about == placed.reference)).all():
        assert not can_be_sent_again(session, message, LATER)
    entries = [entry for entry in history_of(session, placed.reference) if entry.at == LATER]
    assert [(entry.act, entry.details["untold"]) for entry in entries] == [("cancelled", True), ("seat_changed", True)]
    assert entries[0].details["because"] == "Test data."
    assert not any("untold" in entry.details for entry in history_of(session, next_one.reference))
    # Nobody chose that this one is not told.
    session.execute(update(Claim).values(untold=False))
    assert {*queries.facts_without_message(session)} == {placed.reference, other.reference}


def test_who_is_cancelled_quietly_is_told_nothing_that_was_about_to_be_said(session):
    placed, waiting = make_people(session, 2, capacity=1)
    service.cancel_registration(session, placed.id, DELEGATE, NOW)
    assert kinds(session, about=waiting.reference)[-1] == "registration-offered"
    session.add(UntoldNews(registration_id=waiting.id, since=NOW, due_at=LATER, news={"place": True}))
    one = order(session, waiting.edition, Act.CANCEL, pick(waiting))
    many.cancel(session, waiting.edition_id, one, "", ORGANISER, LATER, quiet=True)
    assert kinds(session, about=waiting.reference) == ["registration-waitlisted"]
    assert session.get(UntoldNews, waiting.id) is None
    assert faults(session) == []


def test_category_is_changed_quietly(session):
    person = make_people(session, 1)[0]
    change = order(session, person.edition, Act.CATEGORY)
    assert many.change_category(session, person.edition_id, change, "guest", ORGANISER, NOW, quiet=True) == 1
    assert texts(session, person) == []
    assert history_of(session, person.reference)[-1].details["untold"]


def test_statements_of_cancelling_grow_by_a_few_for_each(session):
    def cost(number: int) -> int:
        people = make_people(session, number, capacity=number, year=2030 + number)
        edition = people[0].edition
        wanted = order(session, edition, Act.CANCEL)
        with count_queries() as statements:
            many.cancel(session, edition.id, wanted, "why", ORGANISER, NOW)
        return len(statements)

    # Beyond the batch nothing is rendered in the act.
    assert cost(BATCH + 60) - cost(BATCH + 10) <= 50 * 2


def test_seats_of_many_end_with_few_statements_for_each(session):
    def cost(number: int) -> int:
        edition = make_edition(session, year=2030 + number, capacity=number)
        make_trip(session, edition, "mill", capacity=number // 2)
        make_crowd(session, edition, number, trips=("mill",))
        wanted = order(session, edition, Act.CANCEL)
        with count_queries() as statements:
            many.cancel(session, edition.id, wanted, "why", ORGANISER, NOW)
        assert faults(session) == []
        return len(statements)

    assert cost(BATCH + 60) - cost(BATCH + 10) <= 50 * 5
