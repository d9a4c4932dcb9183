"""Twenty people want three places that are held until each is confirmed, while the worker lets lapse what is not."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from dofc_events.commands.check import faults
from dofc_events.conference.models import Edition
from dofc_events.core.audit import WORKER
from dofc_events.core.db import tried_again
from dofc_events.notices.queries import offers_overdue
from dofc_events.places.models import Claim, Pool
from dofc_events.places.rules import HOLD, ClaimStatus
from dofc_events.places.service import NoOpenOffer
from dofc_events.registration.offers.service import accept_by_email, accept_offer
from dofc_events.registration.timers import lapse_offers
from tests.races.visitors import all_at_once
from tests.support.factories import DELEGATE, NOW, make_edition, make_registration
from tests.support.letters import deliver_all

PLACES, PEOPLE, WORKERS = 3, 20, 2
MOMENT = timedelta(seconds=1)

pytestmark = pytest.mark.databases("sqlite", "postgresql")


@pytest.fixture
def edition_id(writing) -> int:
    with writing() as session:
        return make_edition(session, capacity=PLACES, confirms_places=True, offer_hours=1).id


@pytest.fixture
def claims(reading) -> Callable[[], list[Claim]]:
    """Everybody's claim in the order in which they came, once it is proved that the numbers add up."""

    def read() -> list[Claim]:
        with reading() as session:
            assert faults(session) == []
            assert session.scalars(select(Pool.taken)).one() <= PLACES
            return sorted(session.scalars(select(Claim)), key=lambda one: one.registration_id)

    return read


def with_status(claims: list[Claim], *statuses: ClaimStatus) -> list[Claim]:
    return [claim for claim in claims if claim.status in statuses]


def test_each_place_is_confirmed_once_or_lapses_and_goes_to_the_next_in_line(writing, claims, edition_id):
    def act(what: Callable[..., object], *arguments: object) -> str:
        @tried_again
        def attempt() -> None:
            with writing() as session:
                what(session, *arguments)

        try:
            attempt()
        except NoOpenOffer:
            return "too late"
        return "done"

    def register(_number: int) -> None:
        act(lambda session: make_registration(session, session.get_one(Edition, edition_id)))

    def lapse_all(session, at: datetime) -> None:
        for registration_id in offers_overdue(session, at):
            lapse_offers(session, registration_id, WORKER, at)

    all_at_once(register, range(PEOPLE))
    first = claims()
    held = with_status(first, ClaimStatus.OFFERED)
    assert len(held) == PLACES and all(claim.is_hold for claim in held)
    line = sorted(with_status(first, ClaimStatus.WAITLISTED), key=lambda one: one.position or 0)
    line_ids = [claim.registration_id for claim in line]
    assert len(line) == PEOPLE - PLACES
    confirmed: set[int] = set()
    at = NOW + HOLD
    while offered := with_status(claims(), ClaimStatus.OFFERED):
        with writing() as session:
            deliver_all(session, at)
        # Everybody but one answers in the last second, while two workers come at the deadline.
        answering = offered[1:]
        tries = [(accept_by_email if one.by_email else accept_offer, one.registration_id) for one in answering]
        acts = [(what, who, DELEGATE, at - MOMENT) for what, who in tries] + [(lapse_all, at)] * WORKERS
        said = all_at_once(lambda one: act(*one), acts)
        after = {claim.registration_id: claim for claim in claims()}
        for (_what, who), answer in zip(tries, said, strict=False):
            # Whoever was told that it is theirs has it; whoever came too late has lost it.
            assert after[who].status == (ClaimStatus.CONFIRMED if answer == "done" else ClaimStatus.EXPIRED)
        assert after[offered[0].registration_id].status == ClaimStatus.EXPIRED
        confirmed |= {who for (_what, who), answer in zip(tries, said, strict=False) if answer == "done"}
        assert confirmed == {one.registration_id for one in with_status([*after.values()], ClaimStatus.CONFIRMED)}
        passed = [who for who in line_ids if after[who].status != ClaimStatus.WAITLISTED]
        assert passed == line_ids[: len(passed)]
        at += timedelta(hours=1)
    # One lapses in each round, so that in the end nobody waits, or everything is confirmed.
    last = claims()
    assert len(with_status(last, ClaimStatus.CONFIRMED)) == PLACES or not with_status(last, ClaimStatus.WAITLISTED)
