"""Giving, releasing and offering places; and the database's own last word."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from dofc_events.places import service
from dofc_events.places.queries import (
    count_waiting,
    edition_pool,
    place_of,
    pool_faults,
    waiting_for,
    waiting_position,
)
from dofc_events.places.rules import ClaimStatus
from tests.support.factories import NOW, make_edition, make_registration

# PostgreSQL is asked what these acts ask by those that say so; the others would ask it the same again.
pytestmark = pytest.mark.databases("sqlite")

TERMS = service.OfferTerms(hours=2, zone="Europe/Sofia", begins_at=None, promotes=True)
AT_ONCE = service.OfferTerms(hours=0, zone="Europe/Sofia", begins_at=None, promotes=True)
NO_MORE = service.OfferTerms(hours=2, zone="Europe/Sofia", begins_at=None, promotes=False)


@pytest.fixture
def edition(session):
    return make_edition(session, capacity=2)


@pytest.fixture
def pool(session, edition):
    return edition_pool(session, edition.id)


@pytest.fixture
def claims(session, edition):
    """Five claims on two places, in the order in which they came."""
    return [place_of(session, make_registration(session, edition).id) for _ in range(5)]


def statuses(claims) -> list[str]:
    return ["".join(claim.status[0]) for claim in claims]


def test_claim_gives_places_in_order_and_then_positions(session, pool, claims):
    assert [c.status for c in claims] == [ClaimStatus.CONFIRMED] * 2 + [ClaimStatus.WAITLISTED] * 3
    assert [c.position for c in claims] == [None, None, 1, 2, 3]
    assert (pool.taken, pool.next_position, count_waiting(session, pool.id)) == (2, 4, 3)
    assert [waiting_position(session, c) for c in claims] == [None, None, 1, 2, 3]
    assert pool_faults(session) == []


def test_claim_waits_when_a_place_is_free_but_somebody_waits(session, edition, pool, claims):
    service.cancel_claim(session, pool, claims[0], NO_MORE, NOW)
    assert pool.taken < pool.capacity
    late = place_of(session, make_registration(session, edition).id)
    assert (late.status, late.position) == (ClaimStatus.WAITLISTED, 4)


def test_cancel_offers_the_place_to_the_next_in_line(session, pool, claims):
    promotions = service.cancel_claim(session, pool, claims[0], TERMS, NOW)
    assert promotions == [service.Promotion(claims[2].registration_id, ClaimStatus.OFFERED)]
    assert (claims[2].offered_at, claims[2].offered_until) == (NOW, NOW + timedelta(hours=2))
    assert (claims[0].status, claims[2].position, pool.taken) == (ClaimStatus.CANCELLED, None, 2)
    assert pool_faults(session) == []


def test_cancel_confirms_the_next_at_once_when_offers_have_no_time(session, pool, claims):
    (promotion,) = service.cancel_claim(session, pool, claims[1], AT_ONCE, NOW)
    assert promotion.status is ClaimStatus.CONFIRMED
    assert (claims[2].status, claims[2].offered_until) == (ClaimStatus.CONFIRMED, None)


def test_cancel_offers_nothing_when_nothing_is_offered_any_more(session, pool, claims):
    assert service.cancel_claim(session, pool, claims[0], NO_MORE, NOW) == []
    assert (pool.taken, claims[2].status) == (1, ClaimStatus.WAITLISTED)


def test_cancel_frees_nothing_when_nothing_was_held(session, pool, claims):
    assert service.cancel_claim(session, pool, claims[3], TERMS, NOW) == []
    assert (pool.taken, statuses(claims)) == (2, ["c", "c", "w", "c", "w"])
    assert [waiting_position(session, c) for c in claims] == [None, None, 1, None, 2]


def test_a_lapsed_offer_goes_to_the_next_and_its_owner_to_the_end(session, pool, claims):
    service.cancel_claim(session, pool, claims[0], TERMS, NOW)
    promotions = service.expire_claim(session, pool, claims[2], TERMS, NOW)
    assert [p.registration_id for p in promotions] == [claims[3].registration_id]
    service.claim_again(session, pool, claims[2], NOW)
    assert (claims[2].status, claims[2].position) == (ClaimStatus.WAITLISTED, 4)
    assert list(waiting_for(session, pool.edition_id)) == [claims[4].registration_id, claims[2].registration_id]


def test_accept_keeps_the_place(session, pool, claims):
    service.cancel_claim(session, pool, claims[0], TERMS, NOW)
    service.accept_claim(session, claims[2], NOW)
    assert (claims[2].status, claims[2].offered_until, pool.taken) == (ClaimStatus.CONFIRMED, None, 2)


@pytest.mark.parametrize("act", [service.accept_claim, lambda s, c, n: service.prolong_offer(s, c, TERMS, n)])
def test_without_an_offer_nothing_is_accepted_or_prolonged(session, claims, act):
    with pytest.raises(service.NoOpenOffer):
        act(session, claims[2], NOW)


def test_prolong_begins_the_time_anew(session, pool, claims):
    service.cancel_claim(session, pool, claims[0], TERMS, NOW)
    service.prolong_offer(session, claims[2], TERMS, NOW + timedelta(hours=1))
    assert claims[2].offered_until == NOW + timedelta(hours=3)


def test_resize_offers_what_became_free_in_order(session, pool, claims):
    promotions = service.resize_pool(session, pool, 4, TERMS, NOW)
    assert [p.registration_id for p in promotions] == [claims[2].registration_id, claims[3].registration_id]
    assert (pool.capacity, pool.taken) == (4, 4)


@pytest.mark.databases("sqlite", "postgresql")
def test_resize_refuses_less_than_is_taken(session, pool, claims):
    with pytest.raises(service.CapacityBelowTaken) as refusal:
        service.resize_pool(session, pool, 1, TERMS, NOW)
    assert (refusal.value.taken, pool.capacity) == (2, 2)


@pytest.mark.databases("sqlite", "postgresql")
def test_faults_are_found(session, pool, claims):
    session.execute(text("UPDATE pools SET taken = 1, next_position = 2"))
    session.expire_all()
    assert len(pool_faults(session)) == 2


@pytest.mark.databases("sqlite", "postgresql")
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE pools SET taken = capacity + 1",
        "UPDATE pools SET taken = -1",
        "UPDATE pools SET capacity = taken - 1",
        "UPDATE claims SET position = 1 WHERE position = 2",
        "UPDATE claims SET status = 'confirmed' WHERE position = 1",
        "UPDATE claims SET status = 'offered', position = NULL WHERE position = 1",
        "UPDATE registrations SET email_key = 'same@dofc.test'",
        "UPDATE registrations SET form_key = 'same'",
        "UPDATE claims SET registration_id = (SELECT MIN(registration_id) FROM claims)",
    ],
)
def test_the_database_itself_refuses(session, pool, claims, statement):
    session.flush()
    with pytest.raises(IntegrityError):
        session.execute(text(statement))


@pytest.mark.databases("sqlite", "postgresql")
def test_the_database_allows_an_address_again_when_its_registration_has_ended(session, claims):
    session.flush()
    session.execute(text("UPDATE registrations SET ended_at = registered_at"))
    session.execute(text("UPDATE registrations SET email_key = 'same@dofc.test'"))
    session.execute(text("UPDATE registrations SET ended_at = NULL WHERE id = (SELECT MIN(id) FROM registrations)"))
    with pytest.raises(IntegrityError):
        session.execute(text("UPDATE registrations SET ended_at = NULL"))
