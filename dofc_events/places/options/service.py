"""Sets how many places options have. Whoever chose one holds a claim on its pool; nobody waits for one.

The edition's pool is locked already.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from dofc_events.core.errors import Refusal
from dofc_events.delegates.models import Registration
from dofc_events.places.models import Claim
from dofc_events.places.queries import option_pools
from dofc_events.places.service import CapacityBelowTaken, OfferTerms, create_pool, give_places, resize_pool
from dofc_events.questions.models import Answer, EditionQuestion, QuestionOption
from dofc_events.questions.service import copy_questions

# Nothing of an option's places is offered to anybody.
NOBODY_WAITS = OfferTerms(hours=0, zone="UTC", begins_at=None, promotes=False)


class TooFewPlaces(Refusal):
    """More people, `taken` of them, chose the option `caption` than it would have places."""

    def __init__(self, caption: str, taken: int) -> None:
        super().__init__(caption)
        self.caption, self.taken = caption, taken


def limit_options(
    session: Session, edition_id: int, question: EditionQuestion, places: Mapping[str, int | None], now: datetime
) -> None:
    """Give the options of a question, by key, so many places each, and none of them a limit for None.

    Whoever chose one before it was limited holds one of its places. Raises TooFewPlaces.
    """
    pools = option_pools(session, edition_id)
    for option in question.options:
        wanted, pool = places.get(option.key), pools.get(option.id)
        if wanted is None and pool is not None:
            session.execute(delete(Claim).where(Claim.pool_id == pool.id))
            session.delete(pool)
        elif wanted is not None and pool is None:
            _open(session, question, option, wanted, now)
        elif wanted is not None and pool is not None and pool.capacity != wanted:
            try:
                resize_pool(session, pool, wanted, NOBODY_WAITS, now)
            except CapacityBelowTaken as refusal:
                raise TooFewPlaces(option.caption, refusal.taken) from None
    session.flush()


def copy_with_places(session: Session, from_edition_id: int, edition_id: int) -> None:
    """Ask at an edition that asks nothing yet what another one asks; its options have as many places."""
    pools = option_pools(session, from_edition_id)
    for old, new in copy_questions(session, from_edition_id, edition_id).items():
        if old in pools:
            create_pool(session, option_id=new, capacity=pools[old].capacity)


def _open(session: Session, question: EditionQuestion, option: QuestionOption, capacity: int, now: datetime) -> None:
    chosen = select(Answer.registration_id).join(Registration, Registration.id == Answer.registration_id)
    chosen = chosen.where(Answer.question_id == question.id, Answer.choice == option.key)
    people = list(session.scalars(chosen.where(Registration.ended_at.is_(None)).order_by(Registration.id)))
    if len(people) > capacity:
        raise TooFewPlaces(option.caption, len(people))
    pool = create_pool(session, option_id=option.id, capacity=capacity)
    claims = [Claim(pool_id=pool.id, registration_id=person, is_hold=False) for person in people]
    give_places(session, pool, claims, now)
    session.add_all(claims)
