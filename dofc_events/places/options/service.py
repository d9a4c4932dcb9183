"""Sets how many places options have. Whoever chooses a limited option holds, or waits for, one of its places.

A place that becomes free goes to the next in line at once. It is not offered until a deadline, as a place at an edition
is, because people who no longer want it can choose another option at any time.

The caller has locked the edition's pool.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from dofc_events.conference.models import Edition
from dofc_events.core.errors import Refusal
from dofc_events.delegates.models import Registration
from dofc_events.places.models import Claim, Pool
from dofc_events.places.options.queries import option_pools
from dofc_events.places.queries import waiting_in
from dofc_events.places.service import CapacityBelowTaken, OfferTerms, create_pool, give_places, resize_pool
from dofc_events.questions.models import Answer, EditionQuestion, QuestionOption
from dofc_events.questions.service import copy_questions


@dataclass(frozen=True)
class MovedUp:
    """Places of an option (named with its question) became free and went to these registrations, who were waiting."""

    question_id: int
    question: str
    option: str
    caption: str
    registration_ids: tuple[int, ...]


class PeopleWait(Refusal):
    """The waiting list of the option `caption` cannot be switched off while people are on it."""

    def __init__(self, caption: str, waiting: int) -> None:
        super().__init__(caption)
        self.caption, self.waiting = caption, waiting


class TooFewPlaces(Refusal):
    """The option `caption` cannot have fewer places than people who chose it, of whom there are `taken`."""

    def __init__(self, caption: str, taken: int) -> None:
        super().__init__(caption)
        self.caption, self.taken = caption, taken


def limit_options(
    session: Session, edition: Edition, question: EditionQuestion, places: Mapping[str, int | None], now: datetime
) -> list[MovedUp]:
    """Set how many places each option of a question has, by its key; None for no limit. Returns who moves up.

    People who chose an option before it was limited hold its first places. Raises TooFewPlaces and PeopleWait.
    """
    pools, found = option_pools(session, edition.id), []
    for option in question.options:
        wanted, pool = places.get(option.key), pools.get(option.id)
        if pool is not None:
            moved = _limit(session, edition, option, pool, wanted, now)
            if moved:
                found.append(MovedUp(question.id, question.caption, option.key, option.caption, tuple(moved)))
        elif wanted is not None:
            _open(session, question, option, wanted, now)
    session.flush()
    return found


def terms_at(edition: Edition, now: datetime) -> OfferTerms:
    """The terms on which freed places of an edition's options are passed on."""
    return OfferTerms(hours=0, zone=edition.zone, begins_at=None, promotes=edition.gives_places(now))


def copy_with_places(session: Session, from_edition_id: int, edition_id: int) -> None:
    """Copy one edition's questions to another that has none; their options have as many places."""
    pools = option_pools(session, from_edition_id)
    for old, new in copy_questions(session, from_edition_id, edition_id).items():
        if old in pools:
            create_pool(session, option_id=new, capacity=pools[old].capacity)


def _limit(
    session: Session, edition: Edition, option: QuestionOption, pool: Pool, wanted: int | None, now: datetime
) -> list[int]:
    """Change the number of places of an option that is limited, or end its limit (None). Returns who moves up."""
    waiting = waiting_in(session, pool.id)
    if wanted is None:
        session.execute(delete(Claim).where(Claim.pool_id == pool.id))
        session.delete(pool)
        return waiting
    if waiting and not option.waiting_list:
        raise PeopleWait(option.caption, len(waiting))
    if wanted == pool.capacity:
        return []
    try:
        return [one.registration_id for one in resize_pool(session, pool, wanted, terms_at(edition, now), now)]
    except CapacityBelowTaken as refusal:
        raise TooFewPlaces(option.caption, refusal.taken) from None


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
