"""Registrations of one edition that may belong to one person: found by the worker, checked by organisers.

Each registration is compared once, and again when its name, address or telephone changes, with those alone that share a
word of the name or the telephone: what that costs does not grow with how many there are.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, bindparam, delete, func, insert, or_, select, union_all, update
from sqlalchemy.orm import Session, joinedload

from dofc_events.core.audit import Actor, record
from dofc_events.core.errors import Refusal
from dofc_events.delegates.doubles.rules import Likeness, Traits, keys_of_name, why_one_person
from dofc_events.delegates.models import LikelyDouble, Registration, SearchWord

# Of a common name only the latest are compared: people who also share the rarer half are found by that.
MAX_OF_A_WORD = 300
# Who shares the most spellings comes first; of more than so many, the others share one common name and nothing else.
MAX_CANDIDATES = 100

TRAITS = tuple(field.name for field in fields(Traits))
TO_COMPARE = (~Registration.compared, Registration.ended_at.is_(None))


@dataclass(frozen=True)
class Compared:
    """The registrations that one looks like, as it was when it was compared."""

    registration_id: int
    traits: Traits
    likely_doubles: tuple[int, ...]


class NoSuchPair(Refusal):
    """These two are not on the list: one was cancelled or changed, or they were already told apart."""


def to_compare(session: Session, limit: int) -> Sequence[int]:
    """Registrations that have yet to be compared, oldest first."""
    query = select(Registration.id).where(*TO_COMPARE).order_by(Registration.id)
    return session.scalars(query.limit(limit)).all()


def look_for_doubles(
    session: Session, registration_ids: Iterable[int], is_over: Callable[[], bool] = lambda: False
) -> list[Compared]:
    """Compare those of these registrations that are not compared yet, until time `is_over`; at least the first.

    It writes nothing and holds no lock: how long it takes depends on people's names.
    """
    columns = (Registration.id, Registration.edition_id, *(getattr(Registration, name) for name in TRAITS))
    query = select(*columns).where(Registration.id.in_(registration_ids), *TO_COMPARE).order_by(Registration.id)
    found: list[Compared] = []
    for person in session.execute(query).all():
        if found and is_over():
            break
        traits = _traits(person)
        others = [o.id for o in _candidates(session, person, traits) if why_one_person(traits, _traits(o))]
        found.append(Compared(person.id, traits, tuple(others)))
    return found


def note_doubles(session: Session, compared: Iterable[Compared]) -> None:
    """Store the pairs that were found, unless the registration has changed since.

    Pairs stored before are replaced. A registration that somebody is changing at this moment is left for another time.
    """
    # Workers come one after the other: two who compare each other's people would write the same pairs.
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(func.hashtext("likely doubles"))))
    by_id = {one.registration_id: one for one in compared}
    columns = (Registration.id, Registration.edition_id, *(getattr(Registration, name) for name in TRAITS))
    query = select(*columns).where(Registration.id.in_(by_id), *TO_COMPARE).order_by(Registration.id)
    # What was compared stays as it is until that is noted; a writer that refers to a registration does not wait for it.
    locked = session.execute(query.with_for_update(key_share=True, skip_locked=True)).all()
    people = [person for person in locked if _traits(person) == by_id[person.id].traits]
    ids = [person.id for person in people]
    theirs = or_(LikelyDouble.first_id.in_(ids), LikelyDouble.second_id.in_(ids))
    session.execute(delete(LikelyDouble).where(theirs, LikelyDouble.told_apart_at.is_(None)))
    told_apart = {
        tuple(row) for row in session.execute(select(LikelyDouble.first_id, LikelyDouble.second_id).where(theirs))
    }
    found: dict[tuple[int, int], int] = {}
    for person in people:
        for other_id in by_id[person.id].likely_doubles:
            pair = min(person.id, other_id), max(person.id, other_id)
            if pair not in told_apart:
                found[pair] = person.edition_id
    if found:
        rows = [{"first_id": one, "second_id": other, "edition_id": id_} for (one, other), id_ in found.items()]
        session.execute(insert(LikelyDouble), rows)
    session.execute(update(Registration).where(Registration.id.in_(ids)).values(compared=True))


def count_to_compare(session: Session, edition_id: int) -> int:
    """How many registrations of an edition have yet to be compared."""
    query = select(func.count()).select_from(Registration).where(*TO_COMPARE)
    return session.scalar(query.where(Registration.edition_id == edition_id)) or 0


def likely_doubles(
    session: Session, edition_id: int, *, before_id: int | None = None, limit: int
) -> Sequence[LikelyDouble]:
    """The pairs that organisers should look at, the newest first; `before_id` turns the page."""
    query = select(LikelyDouble).where(LikelyDouble.edition_id == edition_id, *_to_look_at())
    if before_id is not None:
        query = query.where(LikelyDouble.id < before_id)
    both = (joinedload(side).joinedload(Registration.category) for side in (LikelyDouble.first, LikelyDouble.second))
    return session.scalars(query.options(*both).order_by(LikelyDouble.id.desc()).limit(limit)).all()


def why_a_pair(pair: LikelyDouble) -> tuple[Likeness, ...]:
    """What its two registrations have in common now; empty if they were changed since they were compared."""
    return why_one_person(_traits(pair.first), _traits(pair.second))


def count_doubles(session: Session, edition_ids: Iterable[int]) -> dict[int, int]:
    """How many such pairs there are at each of these editions that has any."""
    return dict(session.execute(_numbers(), {"edition_ids": [*edition_ids]}).all())


@cache
def _numbers() -> Select[int, int]:
    here = LikelyDouble.edition_id.in_(bindparam("edition_ids", expanding=True))
    query = select(LikelyDouble.edition_id, func.count()).where(here, *_to_look_at())
    return query.group_by(LikelyDouble.edition_id)


def tell_apart(
    session: Session, edition_id: int, pair_ids: Collection[int], actor: Actor, now: datetime
) -> Sequence[LikelyDouble]:
    """Note of each of these pairs that it is two people, in the trail of both; it is not shown again.

    Returns those that were still on the list.
    """
    wanted = LikelyDouble.id.in_(pair_ids), LikelyDouble.edition_id == edition_id, *_to_look_at()
    query = select(LikelyDouble).where(*wanted).order_by(LikelyDouble.id).with_for_update(of=LikelyDouble)
    both = (joinedload(side).joinedload(Registration.edition) for side in (LikelyDouble.first, LikelyDouble.second))
    pairs = session.scalars(query.options(*both)).all()
    for pair in pairs:
        pair.told_apart_at = now
        scope = str(pair.first.edition.year)
        for one, other in ((pair.first, pair.second), (pair.second, pair.first)):
            said = {"other": other.reference, "name": other.full_name}
            record(session, actor, now, "told_apart", scope=scope, about=one.reference, **said)
    session.flush()
    return pairs


def pair_to_settle(session: Session, edition_id: int, pair_id: int) -> LikelyDouble:
    """A pair that organisers should look at, its row locked until the unit of work ends. Raises NoSuchPair."""
    pair = session.scalar(_pair(edition_id, pair_id).with_for_update(of=LikelyDouble))
    if pair is None:
        raise NoSuchPair
    return pair


def pair_to_look_at(session: Session, edition_id: int, pair_id: int) -> LikelyDouble | None:
    """A pair that is still on the list."""
    return session.scalar(_pair(edition_id, pair_id))


def _pair(edition_id: int, pair_id: int) -> Select[LikelyDouble]:
    return select(LikelyDouble).where(LikelyDouble.id == pair_id, LikelyDouble.edition_id == edition_id, *_to_look_at())


def _candidates(session: Session, person: Row[Any], traits: Traits) -> Sequence[Row[Any]]:
    """Registrations that share a word of the name, or the telephone; those that share most come first."""
    words = {f"word_{number}": word for number, word in enumerate(sorted(keys_of_name(traits)))}
    if not words and not traits.phone:
        return []
    query = _sharing(tuple(words), bool(traits.phone))
    given = {"edition_id": person.edition_id, "own_id": person.id, "phone": traits.phone}
    return session.execute(query, given | words).all()


@cache
def _sharing(words: tuple[str, ...], phone: bool) -> Select[Any]:
    """The query for who shares one of these parameters: long, hence not put together for each person."""
    here = Registration.edition_id == bindparam("edition_id")
    sources = [_latest_with(word) for word in words]
    phones = [select(Registration.id).where(here, Registration.phone == bindparam("phone"))] if phone else []
    found = union_all(*sources, *phones).subquery()
    query = select(Registration.id, *(getattr(Registration, name) for name in TRAITS))
    query = (
        query.join(found, found.c.id == Registration.id)
        .group_by(Registration.id)
        .where(here, Registration.ended_at.is_(None), Registration.id != bindparam("own_id"))
    )
    return query.order_by(func.count().desc(), Registration.id.desc()).limit(MAX_CANDIDATES)


def _latest_with(word: str) -> Select[int]:
    query = select(SearchWord.registration_id.label("id")).where(SearchWord.word == bindparam(word))
    return select(query.order_by(SearchWord.registration_id.desc()).limit(MAX_OF_A_WORD).subquery().c.id)


def _traits(of: Row[Any] | Registration) -> Traits:
    # People without an address of their own have no key.
    return Traits(*(getattr(of, name) or "" for name in TRAITS))


def _to_look_at() -> tuple[ColumnElement[bool], ...]:
    live = Registration.ended_at.is_(None)
    return (LikelyDouble.told_apart_at.is_(None), LikelyDouble.first.has(live), LikelyDouble.second.has(live))
