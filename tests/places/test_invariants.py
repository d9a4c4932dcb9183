"""Whatever delegates and organisers do, in whatever order: the numbers add up, and nobody passes those who wait."""

import itertools
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from dofc_events.conference.models import Category
from dofc_events.core.audit import COMMAND, WORKER
from dofc_events.delegates.models import Registration
from dofc_events.delegates.service import category_of, details_of
from dofc_events.notices.queries import facts_without_message, offers_overdue
from dofc_events.places.limits.service import set_limit
from dofc_events.places.models import Claim
from dofc_events.places.models import Pool as PoolRow
from dofc_events.places.queries import (
    edition_pool,
    ended_unlike_their_claim,
    pool_faults,
    pools_with_free_places_and_people_waiting,
)
from dofc_events.places.rules import TAKEN, ClaimStatus
from dofc_events.places.service import CapacityBelowTaken, CategoryFull, NoOpenOffer, NotWaitingAgain
from dofc_events.registration import service, timers
from dofc_events.registration.offers import service as offers
from tests.support.factories import DELEGATE, NOW, make_edition, make_registration
from tests.support.letters import deliver_all

YEARS = itertools.count(2100)
PICKS = st.integers(0, 10_000)
CATEGORY = st.sampled_from(["company", "guest"])


class Pool(RuleBasedStateMachine):
    """One edition, with a clock that only acts move. `line` is who waits, as the last step left it."""

    def __init__(self, session) -> None:
        super().__init__()
        self.session = session
        self.point = session.begin_nested()
        self.now = NOW
        self.people: list[int] = []
        self.line: list[int] = []
        self.positions: dict[int, int] = {}
        self.highest = 0
        # Who acts in this step: of all others, only the first in line may leave it.
        self.actor = 0

    @initialize(capacity=st.integers(0, 4), hours=st.sampled_from([0.0, 2.0, 72.0]), confirms=st.booleans())
    def open(self, capacity, hours, confirms):
        terms = {"offer_hours": hours, "confirms_places": confirms}
        self.edition = make_edition(self.session, year=next(YEARS), capacity=capacity, **terms)
        self.pool = edition_pool(self.session, self.edition.id)

    def claims(self, *statuses: ClaimStatus) -> list[Claim]:
        query = select(Claim).where(Claim.pool_id == self.pool.id).order_by(Claim.id)
        claims = self.session.scalars(query.execution_options(populate_existing=True)).all()
        return [c for c in claims if not statuses or c.status in statuses]

    def pick(self, number: int, *statuses: ClaimStatus) -> int:
        """One of those whose claim is in such a state, or of all if nobody's is."""
        found = [c.registration_id for c in self.claims(*statuses)] or self.people
        self.now += timedelta(minutes=1)
        self.actor = found[number % len(found)]
        return self.actor

    @rule(category=CATEGORY)
    def register(self, category):
        self.now += timedelta(minutes=1)
        self.actor = make_registration(self.session, self.edition, now=self.now, category=category).id
        self.people.append(self.actor)

    @precondition(lambda self: self.people)
    @rule(number=PICKS, category=CATEGORY)
    def change_category(self, number, category):
        who = self.pick(number, *TAKEN, ClaimStatus.WAITLISTED, ClaimStatus.EXPIRED)
        registration = self.session.get_one(Registration, who)
        details = replace(details_of(registration), category=category)
        try:
            with self.session.begin_nested():
                service.change_details(self.session, who, details, DELEGATE, self.now)
        except service.DetailsFrozen:
            assert registration.ended_at is not None
        except CategoryFull:
            limit = self.limits()[category]
            assert limit.taken == limit.capacity and who in [c.registration_id for c in self.claims(*TAKEN)]

    @rule(category=CATEGORY, limit=st.sampled_from([None, 0, 1, 2, 3]))
    def limit(self, category, limit):
        self.now += timedelta(minutes=1)
        self.actor = 0
        taken = self.taken_in(category)
        try:
            set_limit(self.session, self.pool, category_of(self.session, self.edition.id, category).id, limit)
        except CapacityBelowTaken:
            assert limit < taken
        else:
            assert limit is None or limit >= taken
        service.resize_edition(self.session, self.edition.id, self.pool.capacity, COMMAND, self.now)

    def limits(self) -> dict[str, PoolRow]:
        """The limits of categories, by slug."""
        query = select(Category.slug, PoolRow).join(PoolRow, PoolRow.category_id == Category.id)
        query = query.where(Category.edition_id == self.edition.id).execution_options(populate_existing=True)
        return dict(self.session.execute(query).all())

    def taken_in(self, category: str) -> int:
        people = [self.session.get_one(Registration, c.registration_id) for c in self.claims(*TAKEN)]
        return sum(person.category.slug == category for person in people)

    def is_held_up(self, who: int) -> bool:
        """Whether somebody's category has reached its limit, so that others may go before them."""
        limit = self.limits().get(self.session.get_one(Registration, who).category.slug)
        return limit is not None and limit.taken >= limit.capacity

    @precondition(lambda self: self.people)
    @rule(number=PICKS)
    def cancel(self, number):
        who = self.pick(number, *TAKEN, ClaimStatus.WAITLISTED, ClaimStatus.EXPIRED)
        try:
            service.cancel_registration(self.session, who, DELEGATE, self.now)
        except service.RegistrationOver:
            assert who not in [c.registration_id for c in self.claims(*TAKEN, ClaimStatus.WAITLISTED)]

    @precondition(lambda self: self.people)
    @rule(number=PICKS, act=st.sampled_from([offers.accept_offer, offers.accept_by_email, offers.decline_offer]))
    def answer(self, number, act):
        who = self.pick(number, ClaimStatus.OFFERED)
        try:
            act(self.session, who, DELEGATE, self.now)
        except (NoOpenOffer, service.RegistrationOver):
            offered = self.claims(ClaimStatus.OFFERED)
            open_ones = [c for c in offered if c.registration_id == who and c.offered_until > self.now]
            assert all(c.by_email != (act is offers.accept_by_email) for c in open_ones)
            assert not open_ones or act is not offers.decline_offer

    @rule(hours=st.sampled_from([1, 3, 100]))
    def let_time_pass(self, hours):
        # Somebody who was not told of an offer does not lose it.
        deliver_all(self.session, self.now)
        self.now += timedelta(hours=hours)
        for who in offers_overdue(self.session, self.now):
            self.actor = who
            timers.lapse_offers(self.session, who, WORKER, self.now)
            self.nobody_passes()

    @precondition(lambda self: self.people)
    @rule(number=PICKS)
    def rejoin(self, number):
        who = self.pick(number, ClaimStatus.EXPIRED)
        try:
            offers.rejoin_list(self.session, who, DELEGATE, self.now)
        except (NotWaitingAgain, service.RegistrationOver):
            assert who not in [c.registration_id for c in self.claims(ClaimStatus.EXPIRED)]

    @rule(capacity=st.integers(0, 6))
    def resize(self, capacity):
        self.now += timedelta(minutes=1)
        self.actor = 0
        taken = len(self.claims(*TAKEN))
        try:
            service.resize_edition(self.session, self.edition.id, capacity, COMMAND, self.now)
        except CapacityBelowTaken:
            assert capacity < taken
        else:
            assert capacity >= taken

    @rule(hours=st.sampled_from([0.0, 0.5, 72.0]), confirms=st.booleans())
    def change_offers(self, hours, confirms):
        self.edition.offer_hours, self.edition.confirms_places = hours, confirms
        self.session.flush()

    @invariant()
    def the_numbers_add_up(self):
        self.session.refresh(self.pool)
        assert self.pool.taken == len(self.claims(*TAKEN)) <= self.pool.capacity
        for category, limit in self.limits().items():
            assert limit.taken == self.taken_in(category) <= limit.capacity
        assert pool_faults(self.session) == []
        assert ended_unlike_their_claim(self.session) == []
        assert facts_without_message(self.session) == []
        assert not [c for c in self.claims(ClaimStatus.CONFIRMED, ClaimStatus.WAITLISTED) if c.is_hold]

    @invariant()
    def nobody_waits_while_a_place_is_free(self):
        assert pools_with_free_places_and_people_waiting(self.session) == []

    @invariant()
    def nobody_passes(self):
        waiting = sorted(self.claims(ClaimStatus.WAITLISTED), key=lambda c: c.position)
        line = [c.registration_id for c in waiting]
        stayed = [who for who in self.line if who in line]
        # People who left the line without acting were ahead of everybody who stayed, but for those whose category is
        # full; newcomers are behind them.
        others = [who for who in self.line if who != self.actor and (who not in line or not self.is_held_up(who))]
        left = [who for who in others if who not in line]
        assert others[: len(left)] == left
        assert line[: len(stayed)] == stayed
        for claim in waiting:
            known = self.positions.get(claim.registration_id)
            if known is None or claim.registration_id not in self.line:
                assert claim.position > self.highest, "a position was given again"
            else:
                assert claim.position == known
            self.positions[claim.registration_id] = claim.position
            self.highest = max(self.highest, claim.position)
        self.line = line

    def teardown(self):
        self.point.rollback()
        self.session.expunge_all()


@pytest.mark.databases("sqlite")
def test_the_pool_keeps_its_invariants(session):
    _run(session, examples=25, steps=24)


@pytest.mark.databases("postgresql")
def test_the_pool_keeps_its_invariants_on_postgresql(session):
    _run(session, examples=6, steps=20)


def _run(session, examples: int, steps: int) -> None:
    class OnThisDatabase(Pool):
        def __init__(self) -> None:
            super().__init__(session)

    run_state_machine_as_test(
        OnThisDatabase,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            # No shrinking: with a real database it would take minutes, and the steps are printed as they are.
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )
