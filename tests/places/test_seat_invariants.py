"""Whatever is done about learning trips, in whatever order: nobody is in two places, is passed over, or is not told."""

import itertools
from collections import Counter
from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta
from functools import partial

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
from sqlalchemy import func, select

from dofc_events.commands.check import claim_faults, faults
from dofc_events.conference.rules import TripMode
from dofc_events.core.audit import COMMAND, WORKER
from dofc_events.core.errors import Refusal
from dofc_events.delegates.models import Registration
from dofc_events.mail.models import Message
from dofc_events.notices.models import UntoldNews
from dofc_events.notices.queries import offers_overdue, offers_told_late
from dofc_events.places.models import Claim, Pool
from dofc_events.places.queries import edition_pool
from dofc_events.places.rules import LIVE, TAKEN, ClaimStatus
from dofc_events.registration import service, timers
from dofc_events.registration.offers import service as offers
from dofc_events.registration.trips import service as seats
from dofc_events.registration.trips.many.rules import Aim
from dofc_events.trips.service import details_of
from tests.support.by_hand import move
from tests.support.factories import DELEGATE, NOW, agreed, make_edition, make_registration, make_three_trips
from tests.support.letters import deliver_all

YEARS = itertools.count(2100)
PICKS = st.integers(0, 10_000)
SLUGS = ("wine", "mill", "port")
WISHES = st.lists(st.sampled_from(SLUGS), unique=True, max_size=3)

# (registration, pool) -> status and position
Held = dict[tuple[int, int], tuple[str, int | None]]


class Seats(RuleBasedStateMachine):
    """One edition with three trips, of which two overlap, and a clock that only acts move."""

    def __init__(self, session) -> None:
        super().__init__()
        self.session = session
        self.point = session.begin_nested()
        self.now = NOW
        self.people: list[int] = []
        self.before: Held = {}
        self.after: Held = {}
        self.letters: Counter[str] = Counter()
        # Whom the last act put past the line on purpose, or let act several times.
        self.by_hand: Collection[int] = ()
        self.several_acts = False

    @initialize(capacity=st.integers(1, 4), seats_each=st.integers(0, 2), hours=st.sampled_from([0.0, 2.0, 72.0]))
    def open(self, capacity, seats_each, hours):
        self.edition = make_edition(self.session, year=next(YEARS), capacity=capacity, offer_hours=hours)
        self.place = edition_pool(self.session, self.edition.id).id
        self.trips = make_three_trips(self.session, self.edition, capacity=seats_each)
        for wishes in (("wine", "port"), ("mill", "port"), ("wine", "mill"), ("mill", "wine", "port")):
            self.people.append(make_registration(self.session, self.edition, trips=wishes).id)
        self.look()

    def look(self) -> None:
        """Note how things are after an act."""
        self.after, self.pools_after = self.held(), self.pools()

    def held(self) -> Held:
        query = select(Claim).join(Registration).where(Registration.edition_id == self.edition.id)
        claims = self.session.scalars(query.execution_options(populate_existing=True))
        return {(c.registration_id, c.pool_id): (str(c.status), c.position) for c in claims}

    def act(self, do, *arguments, several=False, by_hand=(), **named) -> None:
        """One unit of work; a refusal takes back what it began. Notes what was before it, and who was written to."""
        self.now += timedelta(minutes=1)
        self.session.flush()
        self.before, self.several_acts, self.by_hand = self.after, several, by_hand
        last = self.session.scalar(select(func.max(Message.id))) or 0
        point = self.session.begin_nested()
        try:
            do(self.session, *arguments, **named)
            point.commit()
        except Refusal:
            point.rollback()
        self.look()
        self.letters = Counter(self.session.scalars(select(Message.about).where(Message.id > last)))

    def one(self, number: int) -> int:
        return self.people[number % len(self.people)]

    def has(self, status: ClaimStatus, *, seat: bool) -> bool:
        """Whether somebody has such a claim on a trip, or on the edition."""
        return any(s == status and (pool != self.place) == seat for (_, pool), (s, _) in self.after.items())

    def one_of(self, number: int, status: ClaimStatus) -> tuple[int, str]:
        """Somebody who has such a claim on a trip, and the trip; or just anybody."""
        slug_of = {pool.id: slug for slug, pool in self.pools_after.items()}
        found = [(who, slug_of[pool]) for (who, pool), (s, _) in self.after.items() if s == status and pool in slug_of]
        return found[number % len(found)] if found else (self.one(number), SLUGS[number % 3])

    def with_place(self, number: int, status: ClaimStatus) -> int:
        """One of those whose place at the edition is like that."""
        found = [who for (who, pool), (s, _) in self.after.items() if pool == self.place and s == status]
        return found[number % len(found)]

    def pools(self) -> dict[str, Pool]:
        pools = self.session.scalars(
            select(Pool).where(Pool.trip_id.in_([t.id for t in self.trips])).execution_options(populate_existing=True)
        )
        slugs = {trip.id: trip.slug for trip in self.trips}
        return {slugs[pool.trip_id]: pool for pool in pools}

    @rule(wishes=WISHES)
    def register(self, wishes):
        def register(session):
            self.people.append(make_registration(session, self.edition, now=self.now, trips=tuple(wishes)).id)

        self.act(register)

    @rule(number=PICKS, wishes=WISHES)
    def choose(self, number, wishes):
        self.act(seats.choose_trips, self.one(number), wishes, any_trip=number % 2 == 0, actor=DELEGATE, now=self.now)

    @precondition(lambda self: self.has(ClaimStatus.CONFIRMED, seat=True))
    @rule(number=PICKS)
    def give_one_back(self, number):
        who, slug = self.one_of(number, ClaimStatus.CONFIRMED)
        live = {pool for (w, pool), (s, _) in self.after.items() if w == who and s in LIVE}
        kept = [s for s, pool in self.pools_after.items() if pool.id in live and s != slug]
        self.act(seats.choose_trips, who, kept, any_trip=False, actor=DELEGATE, now=self.now)

    @precondition(lambda self: self.has(ClaimStatus.OFFERED, seat=True))
    @rule(number=PICKS, answer=st.sampled_from([seats.accept_seat, seats.accept_seat, seats.decline_seat]))
    def answer_seat(self, number, answer):
        self.act(answer, *self.one_of(number, ClaimStatus.OFFERED), DELEGATE, self.now)

    @precondition(lambda self: self.has(ClaimStatus.OFFERED, seat=False))
    @rule(number=PICKS, answer=st.sampled_from([offers.accept_offer, offers.accept_offer, offers.decline_offer]))
    def answer_place(self, number, answer):
        self.act(answer, self.with_place(number, ClaimStatus.OFFERED), DELEGATE, self.now)

    @precondition(lambda self: self.has(ClaimStatus.EXPIRED, seat=False))
    @rule(number=PICKS)
    def rejoin(self, number):
        self.act(offers.rejoin_list, self.with_place(number, ClaimStatus.EXPIRED), DELEGATE, self.now)

    @rule(number=PICKS)
    def cancel(self, number):
        self.act(service.cancel_registration, self.one(number), DELEGATE, self.now)

    @rule(capacity=st.integers(0, 7))
    def resize_edition(self, capacity):
        self.act(service.resize_edition, self.edition.id, capacity, COMMAND, self.now)

    @rule(slug=st.sampled_from(SLUGS), capacity=st.integers(0, 4))
    def resize_trip(self, slug, capacity):
        self.act(seats.resize_trip, self.edition.id, slug, capacity, COMMAND, self.now)

    @rule(number=st.integers(0, 2), hours=st.sampled_from([-4, -2, -1, 1, 2, 4]))
    def move_trip(self, number, hours):
        trip, shift = self.trips[number], timedelta(hours=hours)
        details = replace(details_of(trip), starts_at=trip.starts_at + shift, ends_at=trip.ends_at + shift)
        capacity = self.pools_after[trip.slug].capacity
        wanted = (self.edition.id, trip.slug, details, capacity, COMMAND, self.now)
        self.act(partial(agreed, seats.change_trip), *wanted)

    @precondition(lambda self: sum(trip.cancelled_at is None for trip in self.trips) == 3)
    @rule(slug=st.sampled_from(SLUGS), really=st.integers(0, 2))
    def cancel_trip(self, slug, really):
        if really == 0:
            self.act(seats.cancel_trip, self.edition.id, slug, COMMAND, self.now)

    @rule(number=PICKS, slug=st.sampled_from(SLUGS), enlarge=st.booleans())
    def give_by_hand(self, number, slug, enlarge):
        who = self.one(number)
        self.act(seats.give_seat, who, slug, "a reason", COMMAND, self.now, enlarge=enlarge, by_hand=[who])

    @rule(
        numbers=st.lists(PICKS, min_size=1, max_size=4),
        here=st.sampled_from(SLUGS),
        to=st.sampled_from([(Aim.OFF, ""), *itertools.product((Aim.SEAT, Aim.WAIT), SLUGS)]),
        enlarge=st.booleans(),
        fewer=st.booleans(),
    )
    def move_by_hand(self, numbers, here, to, enlarge, fewer):
        pool = self.pools_after[here].id
        there = [who for (who, on), (status, _) in self.after.items() if on == pool and status in LIVE]
        picked = {there[number % len(there)] for number in numbers if there}
        if not picked:
            return
        people = [self.session.get_one(Registration, who) for who in picked]
        said = {"enlarge": enlarge, "fewer": fewer, "now": self.now}
        self.act(partial(agreed, move), people, here, *to, by_hand=picked, **said)

    @rule(mode=st.sampled_from([TripMode.FIRST_COME, TripMode.FIRST_COME, TripMode.DRAW]))
    def set_mode(self, mode):
        self.act(seats.set_sign_up, self.edition.id, mode, None, None, COMMAND, self.now)

    @rule(hours=st.sampled_from([0.0, 0.0, 2.0, 72.0]))
    def change_offer_hours(self, hours):
        self.edition.offer_hours = hours
        self.act(lambda session: session.flush())

    @rule(hours=st.sampled_from([1, 3, 100]), told=st.booleans())
    def let_time_pass(self, hours, told):
        if told:
            deliver_all(self.session, self.now)
        self.now += timedelta(hours=hours)

        def timers_of_the_worker(session):
            for who in offers_told_late(session, self.now):
                timers.renew_offers(session, who, WORKER, self.now)
            for who in offers_overdue(session, self.now):
                timers.lapse_offers(session, who, WORKER, self.now)

        self.act(timers_of_the_worker, several=True)

    @invariant()
    def the_data_is_consistent(self):
        assert claim_faults(self.session) == []
        for pool in self.pools_after.values():
            taken = [1 for (_, p), (status, _) in self.after.items() if p == pool.id and status in TAKEN]
            assert pool.taken == len(taken) <= pool.capacity

    @invariant()
    def nobody_is_on_two_trips_at_the_same_time(self):
        """Checked again here, independently of `flask check`."""
        for one, other in itertools.combinations(self.trips, 2):
            if one.starts_at < other.ends_at and other.starts_at < one.ends_at:
                pools = [self.pools_after[trip.slug].id for trip in (one, other)]
                on = [{w for (w, p), (s, _) in self.after.items() if p == pool and s == "confirmed"} for pool in pools]
                assert not on[0] & on[1]

    @invariant()
    def nobody_is_passed_over(self):
        for pool in self.pools_after.values():
            lines = [
                {who: position for (who, p), (s, position) in held.items() if p == pool.id and s == "waitlisted"}
                for held in (self.before, self.after)
            ]
            was, still = lines
            highest = max(
                (position for (_, p), (_, position) in self.before.items() if p == pool.id and position), default=0
            )
            for who, position in still.items():
                assert position == was.get(who, self.before.get((who, pool.id), ("", 0))[1]) or position > highest
            stayed = [position for who, position in still.items() if was.get(who) == position]
            for who, position in was.items():
                moved_up = self.after.get((who, pool.id), ("", 0))[0] in TAKEN
                if moved_up and who not in self.by_hand:
                    assert all(position < other for other in stayed), "somebody who came later moved up"

    @invariant()
    def everybody_concerned_is_told_once(self):
        if not self.before:
            return
        changed = {who for (who, pool), now in self.after.items() if self.before.get((who, pool), ("",))[0] != now[0]}
        references = set(self.session.scalars(select(Registration.reference).where(Registration.id.in_(changed))))
        # What they change soon after something else is told with what follows.
        waiting = select(Registration.reference).join(UntoldNews, UntoldNews.registration_id == Registration.id)
        assert references <= self.letters.keys() | set(self.session.scalars(waiting))
        if not self.several_acts:
            assert not [about for about, count in self.letters.items() if count > 1]

    def teardown(self):
        assert faults(self.session) == []
        self.point.rollback()
        self.session.expunge_all()


@pytest.mark.databases("sqlite")
def test_the_seats_keep_their_invariants(session):
    class OnThisDatabase(Seats):
        def __init__(self) -> None:
            super().__init__(session)

    run_state_machine_as_test(
        OnThisDatabase,
        settings=settings(
            max_examples=16,
            stateful_step_count=35,
            deadline=None,
            # No shrinking: with a real database it would take minutes, and the steps are printed as they are.
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )
