"""What the clock does: each piece alone, once, and never for those whom it does not concern."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from dofc_events.commands.timers import run_timers
from dofc_events.conference.rules import EditionStatus
from dofc_events.core.audit import COMMAND, WORKER
from dofc_events.delegates.models import Registration
from dofc_events.mail.models import Message
from dofc_events.mail.rules import MessageState
from dofc_events.notices import queries
from dofc_events.notices import service as news
from dofc_events.notices.models import UntoldNews
from dofc_events.notices.rules import BATCH
from dofc_events.places.queries import count_waiting, edition_pool
from dofc_events.places.rules import ClaimStatus
from dofc_events.places.service import NoOpenOffer
from dofc_events.registration import service, timers
from dofc_events.registration.offers import service as offers
from dofc_events.registration.trips import service as seats
from tests.support.crowd import make_crowd
from tests.support.factories import DELEGATE, NOW, claim_of, make_edition, make_registration, make_trip, seat_of
from tests.support.letters import deliver_all, kinds, letters

# PostgreSQL is asked whatever these acts ask by those that say so; the others would ask it the same again.
pytestmark = pytest.mark.databases("sqlite")

HOUR = timedelta(hours=1)


@pytest.fixture
def offered(session):
    """Somebody with an offer of ten hours, whose message has left; one more waits."""
    edition = make_edition(session, capacity=1, offer_hours=10)
    first, second, _ = (make_registration(session, edition) for _ in range(3))
    service.cancel_registration(session, first.id, DELEGATE, NOW)
    deliver_all(session)
    return second


def move_up_many(session, people: int = BATCH + 2) -> list[int]:
    """An act that lets so many move up that they are still to be told; returns them."""
    edition = make_edition(session, capacity=1, offer_hours=0)
    make_crowd(session, edition, people + 1)
    deliver_all(session)
    service.resize_edition(session, edition.id, people + 1, COMMAND, NOW)
    return list(queries.untold_news(session, 10 * BATCH, NOW))


@pytest.mark.databases("sqlite", "postgresql")
def test_news_is_told_once_by_however_many_workers_have_read_of_it(session):
    ids = move_up_many(session)
    news.tell_news(session, ids[:3], NOW)
    news.tell_news(session, ids[:3], NOW)
    told = [session.get_one(Registration, i).email for i in ids[:3]]
    assert [kinds(session, to=email) for email in told] == [["registration-waitlisted", "registration-confirmed"]] * 3


def test_one_broken_registration_does_not_keep_the_news_from_the_others(app, writing, reading):
    with writing() as session:
        ids = move_up_many(session)
        # A bell, which no header takes; no form lets it in.
        session.execute(update(Registration).where(Registration.id == ids[0]).values(given_name="\x07"))
    with app.app_context():
        run_timers(NOW)
    with reading() as session:
        assert list(queries.untold_news(session, 99, NOW)) == ids[:1]
        confirmed = select(func.count()).where(Message.kind == "registration-confirmed")
        assert session.scalar(confirmed) == len(ids)


@pytest.mark.databases("sqlite", "postgresql")
def test_one_broken_registration_does_not_keep_a_list_open_for_the_others(app, writing, reading):
    with writing() as session:
        edition = make_edition(session, capacity=1)
        people = [make_registration(session, edition) for _ in range(4)]
        pool_id = edition_pool(session, edition.id).id
        session.execute(update(Registration).where(Registration.id == people[2].id).values(given_name="\x07"))
        begins_at = edition.begins_at()
    with app.app_context():
        run_timers(begins_at)
    with reading() as session:
        assert count_waiting(session, pool_id) == 1


@pytest.mark.databases("sqlite", "postgresql")
def test_a_mailbox_that_refuses_gets_no_more_time(session, offered):
    message = session.scalars(select(Message).where(Message.kind == "registration-offered")).one()
    message.state, message.sent_at, message.refusals = MessageState.QUEUED, None, 0
    session.flush()
    assert queries.offers_told_late(session, NOW + 5 * HOUR) == [offered.id]
    message.refusals = 1
    session.flush()
    assert queries.offers_told_late(session, NOW + 5 * HOUR) == []


def remind(app, at):
    with app.app_context():
        run_timers(at)


def test_of_an_offer_that_lapses_soon_one_is_reminded_once(app, writing, reading):
    with writing() as session:
        edition = make_edition(session, capacity=1, offer_hours=10)
        first, second, _ = (make_registration(session, edition) for _ in range(3))
        service.cancel_registration(session, first.id, DELEGATE, NOW)
        deliver_all(session)
    told = ["registration-waitlisted", "registration-offered"]
    for hours, expected in ((7.4, told), (7.5, [*told, "offer-reminder"]), (7.6, [*told, "offer-reminder"])):
        remind(app, NOW + hours * HOUR)
        with reading() as session:
            assert kinds(session, to=second.email) == expected
    with reading() as session:
        message = letters(session, to=second.email)[-1]
    assert message.subject.startswith("Until the end of Monday 2 November 2026: accept your place at Days of Clusters")
    assert "/offer" in message.text and message.expires_at == NOW + 10 * HOUR


def test_a_seat_that_is_offered_is_reminded_of(session):
    edition = make_edition(session, offer_hours=72)
    trip = make_trip(session, edition, "wine", title="Wine", capacity=1)
    holder, waiting = (make_registration(session, edition, trips=("wine",)) for _ in range(2))
    seats.choose_trips(session, holder.id, [], any_trip=False, actor=DELEGATE, now=NOW)
    deliver_all(session)
    until = seat_of(session, waiting, trip).offered_until
    assert queries.offers_to_remind_of(session, until - (until - NOW) / 4 - HOUR) == []
    assert queries.offers_to_remind_of(session, until - (until - NOW) / 4) == [waiting.id]
    timers.remind_of_offers(session, waiting.id, WORKER, until - 3 * HOUR)
    assert queries.offers_to_remind_of(session, until - HOUR) == []
    message = letters(session, to=waiting.email)[-1]
    assert message.kind == "offer-reminder" and "A seat on “Wine” is held for you until" in message.text


def test_nobody_is_reminded_of_what_they_were_not_told(session, offered):
    session.execute(update(Message).values(state=MessageState.QUEUED, sent_at=None))
    assert queries.offers_to_remind_of(session, NOW + 9 * HOUR) == []


def test_an_answer_takes_a_reminder_back_that_has_not_left(session, offered):
    timers.remind_of_offers(session, offered.id, WORKER, NOW + 8 * HOUR)
    assert kinds(session, to=offered.email)[-1] == "offer-reminder"
    offers.accept_offer(session, offered.id, DELEGATE, NOW + 8 * HOUR)
    assert "offer-reminder" not in kinds(session, to=offered.email)


@pytest.mark.parametrize("ends", ["begins", "is archived"])
def test_an_offer_ends_with_the_giving_of_places(session, offered, ends):
    edition = offered.edition
    if ends == "begins":
        edition.starts_on = (NOW - 24 * HOUR).date()
    else:
        edition.status = EditionStatus.ARCHIVED
    session.flush()
    assert not queries.offer_stands(
        session, queries.standing_of(session, offered.id), claim_of(session, offered), NOW + HOUR
    )
    with pytest.raises((NoOpenOffer, service.RegistrationOver)):
        offers.accept_offer(session, offered.id, DELEGATE, NOW + HOUR)
    assert queries.offers_overdue(session, NOW + HOUR) == [offered.id]
    timers.lapse_offers(session, offered.id, WORKER, NOW + HOUR)
    assert claim_of(session, offered).status == ClaimStatus.EXPIRED


def test_an_offer_whose_message_is_kept_does_not_lapse(session, offered):
    session.execute(update(Message).values(state=MessageState.KEPT))
    timers.lapse_offers(session, offered.id, WORKER, NOW + 100 * HOUR)
    assert claim_of(session, offered).status == ClaimStatus.OFFERED


@pytest.mark.databases("sqlite", "postgresql")
def test_later_dates_let_somebody_move_up_who_could_not_before(session):
    edition = make_edition(session, capacity=1)
    placed, waiting = make_registration(session, edition), make_registration(session, edition)
    right = edition.starts_on
    edition.starts_on = (NOW - 24 * HOUR).date()
    session.flush()
    service.cancel_registration(session, placed.id, DELEGATE, NOW)
    assert claim_of(session, waiting).status == ClaimStatus.WAITLISTED
    edition.starts_on = right
    session.flush()
    service.resize_edition(session, edition.id, 1, COMMAND, NOW)
    assert claim_of(session, waiting).status == ClaimStatus.OFFERED
    assert session.scalar(select(func.count()).select_from(UntoldNews)) == 0
