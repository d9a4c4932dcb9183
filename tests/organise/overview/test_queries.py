"""What needs an organiser's attention: each line comes when it should, with the number behind it."""

from datetime import timedelta

import pytest

from dofc_events.accounts.queries import previous_sign_in
from dofc_events.accounts.rules import RoleName
from dofc_events.accounts.service import issue_sign_in_link, use_link
from dofc_events.conference.rules import EditionStatus, TripMode
from dofc_events.mail.models import Message
from dofc_events.mail.rules import MessageState
from dofc_events.memory.photographs.models import Objection, Photograph
from dofc_events.organise.overview.queries import Alert, attention, attention_of, digests_due
from dofc_events.organise.overview.rules import Deadline, Matter
from dofc_events.places.rules import ClaimStatus
from dofc_events.registration.service import cancel_registration
from dofc_events.trips.models import Trip
from tests.support.databases import count_queries
from tests.support.factories import (
    DELEGATE,
    NOW,
    claim_of,
    make_account,
    make_edition,
    make_registration,
    make_trip,
    seat_of,
)

# PostgreSQL is asked what these acts ask by those that say so; the others would ask it the same again.
pytestmark = pytest.mark.databases("sqlite")


@pytest.fixture
def edition(session):
    return make_edition(session, capacity=3)


def lines(session, edition, *matters, now=NOW, since=None, chairs=False) -> list[Alert]:
    found = attention(session, [edition], chairs=chairs, since=since, now=now)
    shown = [*found.everywhere, *found.editions[edition.id]]
    assert found.is_needed is bool(shown)
    return [line for line in shown if not matters or line.matter in matters]


def messages(session, state: MessageState, count: int, scope: str, waits_since=NOW) -> None:
    for message in [_message(session, scope) for _ in range(count)]:
        message.state, message.waits_since = state, waits_since
    session.flush()


def _message(session, scope: str) -> Message:
    edition = make_edition(session, year=3000 + session.query(Message).count())
    about = make_registration(session, edition).reference
    message = session.query(Message).where(Message.about == about).one()
    message.scope = scope
    return message


def test_nothing_needs_attention_where_nothing_happens(session, edition):
    make_registration(session, edition)
    assert lines(session, edition) == []


def test_new_are_those_who_registered_after_the_visit_before(session, edition):
    since = NOW - timedelta(days=2)
    for hours in (-1, 0, 1, 5):
        make_registration(session, edition, now=since + timedelta(hours=hours))
    assert lines(session, edition, Matter.NEW, since=since) == [Alert(Matter.NEW, 2, at=since)]
    assert lines(session, edition, Matter.NEW) == []
    assert lines(session, edition, Matter.NEW, since=NOW) == []


def test_waiting_list_and_offers_are_counted_with_the_next_deadline(session, edition):
    people = [make_registration(session, edition, now=NOW) for _ in range(6)]
    assert lines(session, edition) == [Alert(Matter.WAITLISTED, 3)]
    cancel_registration(session, people[0].id, DELEGATE, NOW)
    cancel_registration(session, people[1].id, DELEGATE, NOW + timedelta(days=1))
    first = claim_of(session, people[3])
    assert first.offered_until < claim_of(session, people[4]).offered_until
    assert lines(session, edition) == [Alert(Matter.OFFERED, 2, at=first.offered_until), Alert(Matter.WAITLISTED, 1)]


def test_seats_that_are_waited_for_or_offered_are_counted_by_trip(session, edition):
    edition.registration_closes_at = NOW + timedelta(days=100)
    trip = make_trip(session, edition, "wine", capacity=1)
    make_trip(session, edition, "mill", capacity=20)
    people = [make_registration(session, edition, trips=("wine",)) for _ in range(3)]
    assert lines(session, edition) == [Alert(Matter.SEATS_WAITLISTED, 2, trip)]
    cancel_registration(session, people[0].id, DELEGATE, NOW)
    until = seat_of(session, people[1], trip).offered_until
    assert lines(session, edition) == [
        Alert(Matter.SEATS_OFFERED, 1, trip, until),
        Alert(Matter.SEATS_WAITLISTED, 1, trip),
    ]


def test_trip_that_nobody_can_join_any_more_needs_no_attention(session, edition):
    trip = make_trip(session, edition, "wine", capacity=1, minimum=1)
    assert lines(session, edition, now=trip.starts_at - timedelta(seconds=1), since=None)[0].trip is trip
    assert not [line for line in lines(session, edition, now=trip.starts_at) if line.trip]
    trip.cancelled_at = NOW
    session.flush()
    assert lines(session, edition) == []


def test_trip_needs_its_minimum_once_one_can_sign_up(session, edition):
    trip = make_trip(session, edition, "wine", minimum=3)
    make_registration(session, edition, trips=("wine",))
    assert lines(session, edition) == [Alert(Matter.UNDER_MINIMUM, 1, trip, more=2)]
    edition.trips_open_at = NOW + timedelta(days=30)
    session.flush()
    assert lines(session, edition) == []


def test_wishes_count_for_a_minimum_while_they_are_collected(session, edition):
    edition.trip_mode = TripMode.DRAW
    trip = make_trip(session, edition, "wine", minimum=3)
    make_registration(session, edition, trips=("wine",))
    assert seat_of(session, make_registration(session, edition, trips=("wine",)), trip).status == ClaimStatus.REQUESTED
    assert lines(session, edition) == [Alert(Matter.UNDER_MINIMUM, 2, trip, more=1)]


def test_trip_with_few_seats_left_is_nearly_full(session):
    edition = make_edition(session)
    trip = make_trip(session, edition, "wine", capacity=10)
    for _ in range(8):
        make_registration(session, edition, trips=("wine",))
    assert lines(session, edition) == []
    make_registration(session, edition, trips=("wine",))
    assert lines(session, edition) == [Alert(Matter.NEARLY_FULL, 9, trip, more=1)]


@pytest.mark.databases("sqlite", "postgresql")
def test_mail_that_is_dead_or_late_is_counted_where_it_belongs(session, edition):
    late = NOW - timedelta(minutes=11)
    messages(session, MessageState.DEAD, 2, str(edition.year))
    messages(session, MessageState.QUEUED, 2, str(edition.year), waits_since=late)
    messages(session, MessageState.DEAD, 1, "2001")
    messages(session, MessageState.QUEUED, 1, "", waits_since=late - timedelta(hours=1))
    assert lines(session, edition) == [Alert(Matter.DEAD_MAIL, 2), Alert(Matter.LATE_MAIL, 2, at=late)]
    everything = [Alert(Matter.DEAD_MAIL, 3), Alert(Matter.LATE_MAIL, 3, at=late - timedelta(hours=1))]
    assert lines(session, edition, chairs=True) == everything


@pytest.mark.databases("sqlite", "postgresql")
def test_mail_that_waits_for_its_next_try_is_not_late(session, edition):
    messages(session, MessageState.QUEUED, 1, str(edition.year), waits_since=NOW - timedelta(minutes=9))
    messages(session, MessageState.KEPT, 1, str(edition.year), waits_since=NOW - timedelta(days=9))
    assert lines(session, edition) == []


@pytest.mark.databases("sqlite", "postgresql")
def test_deadlines_of_the_coming_fortnight_are_named(session, edition):
    begins = edition.begins_at()
    assert lines(session, edition, now=begins - timedelta(days=10)) == [Alert(Deadline.EDITION_BEGINS, at=begins)]
    closes = edition.registration_closes_at
    # Details freeze with it, which is no second line.
    assert lines(session, edition, now=closes - timedelta(days=10)) == [Alert(Deadline.REGISTRATION_CLOSES, at=closes)]
    edition.status, edition.registration_opens_at = EditionStatus.DRAFT, NOW + timedelta(days=1)
    edition.freezes_at = NOW + timedelta(days=3)
    session.flush()
    assert lines(session, edition) == [
        Alert(Deadline.REGISTRATION_OPENS, at=NOW + timedelta(days=1)),
        Alert(Deadline.DETAILS_FREEZE, at=NOW + timedelta(days=3)),
    ]


def test_sign_up_is_a_deadline_only_where_there_are_trips(session, edition):
    opens, closes = NOW + timedelta(days=1), NOW + timedelta(days=9)
    edition.trips_open_at, edition.trips_close_at = opens, closes
    session.flush()
    assert lines(session, edition) == []
    make_trip(session, edition, cancelled_at=NOW)
    assert lines(session, edition) == []
    make_trip(session, edition)
    wanted = [Alert(Deadline.SIGN_UP_OPENS, at=opens), Alert(Deadline.SIGN_UP_CLOSES, at=closes)]
    assert lines(session, edition) == wanted


@pytest.mark.databases("sqlite", "postgresql")
def test_draw_is_due_from_the_end_of_sign_up_until_it_is_published(session, edition):
    edition.trip_mode, edition.trips_close_at = TripMode.DRAW, NOW
    make_trip(session, edition)
    assert lines(session, edition, Matter.DRAW_DUE) == [Alert(Matter.DRAW_DUE, at=NOW)]
    assert lines(session, edition, Matter.DRAW_DUE, now=NOW - timedelta(seconds=1)) == []
    assert lines(session, edition, Matter.DRAW_DUE, now=edition.begins_at()) == []
    edition.trips_drawn_at = NOW
    session.flush()
    assert lines(session, edition, Matter.DRAW_DUE) == []


@pytest.mark.databases("sqlite", "postgresql")
def test_previous_sign_in_is_the_last_but_one(session):
    account, other = make_account(session), make_account(session)
    assert previous_sign_in(session, account.id) is None
    for days in (1, 2, 3):
        use_link(session, issue_sign_in_link(session, account.id, NOW), NOW + timedelta(minutes=days))
        use_link(session, issue_sign_in_link(session, other.id, NOW), NOW + timedelta(minutes=days, seconds=1))
        session.flush()
    assert previous_sign_in(session, account.id) == NOW + timedelta(minutes=2)


@pytest.mark.databases("sqlite", "postgresql")
@pytest.mark.parametrize("status", [EditionStatus.PUBLISHED, EditionStatus.ARCHIVED])
def test_a_photograph_that_somebody_wants_taken_down_needs_attention_until_it_is_decided(session, edition, status):
    edition.status, account = status, make_account(session, role=RoleName.ORGANISER, edition=edition)
    asked = [Objection(asked_at=NOW, hides=hides) for hides in (True, False)]
    session.add(Photograph(edition_id=edition.id, name="a.jpg", size=1, added_at=NOW, objections=asked))
    session.flush()
    later = NOW + timedelta(days=50)
    assert lines(session, edition, Matter.OBJECTIONS, now=later) == [Alert(Matter.OBJECTIONS, 1)]
    assert Alert(Matter.OBJECTIONS, 1) in attention_of(session, account, None, later)[0].editions[edition.id]
    assert account.id in digests_due(session, later)
    for one in asked:
        one.settled_at = NOW
    session.flush()
    assert lines(session, edition, Matter.OBJECTIONS, now=later) == []
    assert (account.id in digests_due(session, later)) is (status is EditionStatus.PUBLISHED)


@pytest.mark.databases("sqlite", "postgresql")
def test_attention_costs_the_same_for_many_editions_and_trips(session, edition):
    def cost(*editions) -> int:
        with count_queries() as statements:
            attention(session, editions, chairs=False, since=NOW - timedelta(days=1), now=NOW)
        return len(statements)

    make_trip(session, edition)
    few, editions = cost(edition), [edition]
    for year in range(2031, 2041):
        editions.append(make_edition(session, year=year, capacity=1))
        slug = make_trip(session, editions[-1], capacity=1, minimum=2).slug
        for _ in range(3):
            make_registration(session, editions[-1], trips=(slug,))
    assert session.query(Trip).count() == 11
    assert cost(*editions) == few
