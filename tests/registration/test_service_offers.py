"""Places that become free: offered, accepted, declined, lapsed; and who is told what, once."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from dofc_events.commands.timers import run_timers
from dofc_events.conference.rules import EditionStatus
from dofc_events.core.audit import COMMAND, WORKER
from dofc_events.delegates.queries import token_of
from dofc_events.notices import queries
from dofc_events.notices import service as news
from dofc_events.notices.models import UntoldNews
from dofc_events.notices.rules import BATCH
from dofc_events.places.queries import edition_pool
from dofc_events.places.rules import ClaimStatus
from dofc_events.places.service import CapacityBelowTaken, NoOpenOffer, NotWaitingAgain
from dofc_events.registration import service, timers
from dofc_events.registration.hand_over import service as hand_overs
from dofc_events.registration.offers import service as offers
from tests.support.crowd import make_crowd
from tests.support.factories import DELEGATE, NOW, claim_of, make_edition, make_registration
from tests.support.letters import deliver_all, kinds, letters, unsent

# PostgreSQL is asked whatever these acts ask by those that say so; the others would ask it the same again.
pytestmark = pytest.mark.databases("sqlite")

HOURS = 10
ENDS = NOW + timedelta(hours=HOURS)
MOMENT = timedelta(seconds=1)


@pytest.fixture
def edition(session):
    return make_edition(session, capacity=1, offer_hours=HOURS)


@pytest.fixture
def people(session, edition):
    """One with the only place, three who wait; all have been told."""
    registrations = [make_registration(session, edition) for _ in range(4)]
    deliver_all(session)
    return registrations


@pytest.fixture
def offered(session, people):
    """The first of those who wait, with an offer whose message has left."""
    service.cancel_registration(session, people[0].id, DELEGATE, NOW)
    deliver_all(session)
    return people[1]


def statuses(session, people) -> list[str]:
    return [str(claim_of(session, person).status) for person in people]


def lapse(session, now):
    """What the worker does about offers at `now`."""
    for registration_id in queries.offers_told_late(session, now):
        timers.renew_offers(session, registration_id, WORKER, now)
    for registration_id in queries.offers_overdue(session, now):
        timers.lapse_offers(session, registration_id, WORKER, now)


def test_cancel_offers_the_place_to_the_next_in_line(session, people, offered):
    assert statuses(session, people) == ["cancelled", "offered", "waitlisted", "waitlisted"]
    assert claim_of(session, offered).offered_until == ENDS
    assert kinds(session, to=offered.email) == ["registration-waitlisted", "registration-offered"]
    message = letters(session, to=offered.email)[-1]
    assert f"/registrations/{token_of(offered)}/offer" in message.text
    assert kinds(session, to=people[2].email) == ["registration-waitlisted"]


def test_cancel_confirms_the_next_at_once_when_offers_have_no_time(session, edition, people):
    edition.offer_hours = 0.0
    service.cancel_registration(session, people[0].id, DELEGATE, NOW)
    assert statuses(session, people[:3]) == ["cancelled", "confirmed", "waitlisted"]
    assert kinds(session, to=people[1].email) == ["registration-waitlisted", "registration-confirmed"]
    assert letters(session, to=people[1].email)[-1].attachments


def test_accept_gives_the_place(session, people, offered):
    offers.accept_offer(session, offered.id, DELEGATE, ENDS - MOMENT)
    assert statuses(session, people[:3]) == ["cancelled", "confirmed", "waitlisted"]
    assert kinds(session, to=offered.email)[-1] == "registration-confirmed"
    with pytest.raises(NoOpenOffer):
        offers.accept_offer(session, offered.id, DELEGATE, ENDS - MOMENT)


def test_accept_before_the_offer_was_mailed_takes_the_message_back(session, people):
    service.cancel_registration(session, people[0].id, DELEGATE, NOW)
    offers.accept_offer(session, people[1].id, DELEGATE, NOW)
    assert kinds(session, to=people[1].email) == ["registration-waitlisted", "registration-confirmed"]


@pytest.mark.parametrize("late", [timedelta(0), timedelta(days=9)])
@pytest.mark.parametrize("act", [offers.accept_offer, offers.decline_offer])
def test_an_answer_after_the_deadline_is_refused_though_no_worker_ran(session, people, offered, act, late):
    with pytest.raises(NoOpenOffer):
        act(session, offered.id, DELEGATE, ENDS + late)
    assert statuses(session, people) == ["cancelled", "offered", "waitlisted", "waitlisted"]


def test_decline_is_final_and_offers_to_the_next(session, people, offered):
    offers.decline_offer(session, offered.id, DELEGATE, NOW)
    assert statuses(session, people) == ["cancelled", "cancelled", "offered", "waitlisted"]
    assert offered.ended_at == NOW
    assert kinds(session, to=offered.email)[-1] == "registration-cancelled"
    assert kinds(session, to=people[2].email)[-1] == "registration-offered"


def test_an_offer_that_lapsed_is_told_and_goes_to_the_next(session, people, offered):
    lapse(session, ENDS - MOMENT)
    assert statuses(session, people)[1] == "offered"
    lapse(session, ENDS)
    assert statuses(session, people) == ["cancelled", "expired", "offered", "waitlisted"]
    assert kinds(session, to=offered.email)[-1] == "registration-expired"
    assert kinds(session, to=people[2].email)[-1] == "registration-offered"
    assert offered.ended_at is None
    # Of the last one nobody is in line, and it is not said that somebody is.
    (message,) = [m for m in letters(session, to=offered.email) if m.kind == "registration-expired"]
    assert "now free for the next in line" in " ".join(message.text.split())


def test_an_offer_that_was_accepted_does_not_lapse(session, offered):
    offers.accept_offer(session, offered.id, DELEGATE, NOW)
    timers.lapse_offers(session, offered.id, WORKER, ENDS)
    assert claim_of(session, offered).status == ClaimStatus.CONFIRMED


def test_an_offer_does_not_lapse_before_its_message_is_sent(session, people):
    service.cancel_registration(session, people[0].id, DELEGATE, NOW)
    timers.lapse_offers(session, people[1].id, WORKER, ENDS + MOMENT)
    assert statuses(session, people)[1] == "offered"
    offers.accept_offer(session, people[1].id, DELEGATE, ENDS + MOMENT)
    assert statuses(session, people)[1] == "confirmed"


def test_an_offer_that_is_told_late_gets_a_new_deadline_and_message(session, people):
    service.cancel_registration(session, people[0].id, DELEGATE, NOW)
    (first,) = unsent(session)[1:]
    lapse(session, NOW + timedelta(hours=1))
    assert [m.id for m in unsent(session, to=people[1].email)] == [first.id]
    late = NOW + timedelta(hours=3)
    lapse(session, late)
    (second,) = unsent(session, to=people[1].email)
    assert second.id != first.id and second.kind == "registration-offered"
    assert claim_of(session, people[1]).offered_until == late + timedelta(hours=HOURS)
    lapse(session, late)
    assert [m.id for m in unsent(session, to=people[1].email)] == [second.id]


def test_an_offer_that_was_told_gets_no_new_deadline_by_a_change_of_address(session, offered):
    at = NOW + timedelta(hours=5)
    service.correct_address(session, offered.id, "other@dofc.test", DELEGATE, at)
    lapse(session, at)
    assert claim_of(session, offered).offered_until == ENDS
    assert kinds(session, to="other@dofc.test") == ["registration-offered"]


@pytest.mark.parametrize("told", [False, True])
def test_an_open_offer_ends_when_the_edition_begins(session, edition, people, told):
    begins_at = edition.begins_at()
    service.cancel_registration(session, people[0].id, DELEGATE, begins_at - timedelta(hours=1))
    assert claim_of(session, people[1]).offered_until == begins_at
    if told:
        deliver_all(session)
    with pytest.raises(NoOpenOffer):
        offers.accept_offer(session, people[1].id, DELEGATE, begins_at)
    lapse(session, begins_at)
    assert statuses(session, people)[1:] == ["expired", "waitlisted", "waitlisted"]
    sent = ["registration-offered"] if told else []
    assert kinds(session, to=people[1].email) == ["registration-waitlisted", *sent, "registration-expired"]
    assert queries.offers_told_late(session, begins_at) == []


def test_an_offer_that_is_told_late_keeps_its_message_when_the_beginning_leaves_no_more_time(session, edition, people):
    begins_at = edition.begins_at()
    service.cancel_registration(session, people[0].id, DELEGATE, begins_at - timedelta(hours=1))
    (message,) = unsent(session, to=people[1].email)
    lapse(session, begins_at - timedelta(minutes=30))
    assert [m.id for m in unsent(session, to=people[1].email)] == [message.id]
    assert claim_of(session, people[1]).offered_until == begins_at


def test_rejoin_stands_at_the_end_or_gets_a_free_place(session, edition, people, offered):
    with pytest.raises(NotWaitingAgain):
        offers.rejoin_list(session, offered.id, DELEGATE, NOW)
    lapse(session, ENDS)
    offers.rejoin_list(session, offered.id, DELEGATE, ENDS)
    assert statuses(session, people[1:]) == ["waitlisted", "offered", "waitlisted"]
    assert claim_of(session, offered).position > claim_of(session, people[3]).position
    assert "number 2 on the waiting list" in " ".join(letters(session, to=offered.email)[-1].text.split())
    with pytest.raises(NotWaitingAgain):
        offers.rejoin_list(session, offered.id, DELEGATE, ENDS)


def test_rejoin_is_confirmed_when_a_place_is_free(session, edition, people, offered):
    for person in people[2:]:
        service.cancel_registration(session, person.id, DELEGATE, NOW)
    lapse(session, ENDS)
    offers.rejoin_list(session, offered.id, DELEGATE, ENDS)
    assert claim_of(session, offered).status == ClaimStatus.CONFIRMED
    assert kinds(session, to=offered.email)[-1] == "registration-confirmed"


def test_rejoin_is_refused_once_the_edition_has_begun(session, edition, offered):
    lapse(session, ENDS)
    with pytest.raises(NotWaitingAgain):
        offers.rejoin_list(session, offered.id, DELEGATE, edition.begins_at())


def test_resize_offers_what_became_free_in_order(session, edition, people):
    service.resize_edition(session, edition.id, 3, COMMAND, NOW)
    assert statuses(session, people) == ["confirmed", "offered", "offered", "waitlisted"]
    assert len(unsent(session)) == 2
    with pytest.raises(CapacityBelowTaken):
        service.resize_edition(session, edition.id, 2, COMMAND, NOW)


def test_nothing_is_offered_when_the_edition_has_begun_or_is_archived(session, edition, people):
    service.resize_edition(session, edition.id, 2, COMMAND, edition.begins_at())
    edition.status = EditionStatus.ARCHIVED
    service.resize_edition(session, edition.id, 3, COMMAND, NOW)
    assert statuses(session, people[1:]) == ["waitlisted"] * 3
    assert unsent(session) == []


def test_close_list_tells_those_who_still_wait(session, edition, people):
    begins_at = edition.begins_at()
    assert queries.lists_to_close(session, begins_at - MOMENT) == []
    assert queries.lists_to_close(session, begins_at) == [edition.id]
    timers.close_list(session, [p.id for p in people], WORKER, begins_at)
    assert statuses(session, people) == ["confirmed", "expired", "expired", "expired"]
    said = letters(session, to=people[1].email)[-1].text
    assert "The waiting list has closed" in said and "Status: Waiting list closed" in said
    assert queries.lists_to_close(session, begins_at) == []
    assert len(unsent(session)) == 3


def test_close_list_of_an_archived_edition_says_that_the_list_is_closed(session, edition, people):
    edition.status = EditionStatus.ARCHIVED
    session.flush()
    assert queries.lists_to_close(session, NOW) == [edition.id]
    timers.close_list(session, [people[1].id], WORKER, NOW)
    assert "The waiting list has closed" in letters(session, to=people[1].email)[-1].text


def test_who_has_an_offer_when_the_edition_is_archived_is_told_that_the_place_is_no_longer_held(
    session, edition, people, offered
):
    edition.status = EditionStatus.ARCHIVED
    lapse(session, NOW)
    timers.close_list(session, [people[2].id], WORKER, NOW)
    told = letters(session, to=offered.email)[-1]
    assert told.kind == "registration-expired"
    assert told.subject == f"The place offered to you at {edition.name} is no longer held"
    for part in (told.text, told.html):
        assert "The place offered to you is no longer held: no more places are given out." in " ".join(part.split())
    assert letters(session, to=people[2].email)[-1].subject == f"The waiting list for {edition.name} has closed"


# More people than one transaction can write to


@pytest.fixture
def crowd(session):
    """An edition with one place and so many people waiting that their messages are left to the worker."""
    edition = make_edition(session, year=2033, capacity=1, offer_hours=0.0)
    crowd = make_crowd(session, edition, BATCH + 3)
    deliver_all(session)
    return edition, crowd


def untold(session) -> int:
    return session.scalar(select(func.count()).select_from(UntoldNews))


def test_many_promotions_are_told_by_the_worker_once_each(session, crowd):
    edition, people = crowd
    service.resize_edition(session, edition.id, 200, COMMAND, NOW)
    assert edition_pool(session, edition.id).taken == len(people)
    assert (untold(session), unsent(session)) == (BATCH + 2, [])
    # Meanwhile three of them act, and hear of what they did.
    service.cancel_registration(session, people[1].id, DELEGATE, NOW)
    service.correct_address(session, people[2].id, "corrected@dofc.test", DELEGATE, NOW)
    hand_overs.hand_over(session, people[3].id, "Mira", "", "mira@dofc.test", DELEGATE, NOW)
    for _ in range(2):
        news.tell_news(session, queries.untold_news(session, BATCH, NOW), NOW)
    assert untold(session) == 0
    assert kinds(session, to=people[1].email)[1:] == ["registration-cancelled"]
    assert kinds(session, to="corrected@dofc.test") == ["registration-confirmed"]
    assert kinds(session, to="mira@dofc.test") == ["registration-confirmed"]
    for person in people[4:]:
        assert kinds(session, to=person.email) == ["registration-waitlisted", "registration-confirmed"]


def test_an_offer_whose_message_is_still_to_be_written_does_not_lapse(session, crowd):
    edition, people = crowd
    edition.offer_hours = 1.0
    service.resize_edition(session, edition.id, 200, COMMAND, NOW)
    timers.lapse_offers(session, people[1].id, WORKER, NOW + timedelta(hours=2))
    assert claim_of(session, people[1]).status == ClaimStatus.OFFERED


def test_the_worker_writes_all_news_in_batches(app, crowd_of, reading):
    with app.app_context():
        run_timers(NOW)
    with reading() as session:
        assert untold(session) == 0
        assert kinds(session).count("registration-confirmed") == BATCH + 3


@pytest.fixture
def crowd_of(writing):
    """The crowd, committed, after it was given places."""
    with writing() as session:
        edition = make_edition(session, capacity=1, offer_hours=0.0)
        make_crowd(session, edition, BATCH + 3)
        service.resize_edition(session, edition.id, 200, COMMAND, NOW)
