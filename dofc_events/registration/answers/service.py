"""Answers together with the places of options that are limited. The edition's pool is locked already."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from dofc_events.conference.models import Edition
from dofc_events.core.errors import Refusal
from dofc_events.delegates.models import Registration
from dofc_events.places import service as places
from dofc_events.places.models import Claim, Pool
from dofc_events.places.options.service import NOBODY_WAITS
from dofc_events.places.queries import option_claims, option_pools
from dofc_events.places.rules import ClaimStatus
from dofc_events.questions.answers.service import Written, add_answers, first_answers, write_answers
from dofc_events.questions.queries import answered_by, answered_by_many, answers_of, questions_of
from dofc_events.questions.rules import PICKED, Answers, Option, OwnQuestion, shown


class ChoiceFull(Refusal):
    """All places of an option are taken; `field` is the question's, `option` the key, and `caption` what it says."""

    def __init__(self, field: str, option: str, caption: str) -> None:
        super().__init__(f"{field}: {option}")
        self.field, self.option, self.caption = field, option, caption


def give_first_answers(
    session: Session, edition_id: int, given: Sequence[tuple[Registration, Answers]], now: datetime
) -> None:
    """Write what people answered who are new, with the places of what they chose; who comes first gets them first.

    As many statements for many people as for one. Raises ChoiceFull, and ChangedMeanwhile.
    """
    if not any(any(answers.values()) for _person, answers in given):
        return
    questions = questions_of(session, edition_id)
    kept = {person.id: first_answers(questions, answers, person.category.slug) for person, answers in given}
    add_answers(session, questions, kept)
    chosen = {key for answers in kept.values() for key in answers}
    if not any(one.key in chosen and one.kind in PICKED for one in questions):
        return
    for one, option, pool in _limited(session, edition_id, questions):
        people = [id_ for id_, answers in kept.items() if option.key in answers.get(one.key, ())]
        _take(session, pool, one, option, [_new_claim(pool, id_) for id_ in people], now)
    session.flush()


def give_answers(
    session: Session, registration: Registration, answers: Answers, now: datetime, *, is_another: bool = False
) -> Written:
    """Write what a registration answers, as `write_answers` does, with the places of what is chosen.

    Raises ChoiceFull, and ChangedMeanwhile.
    """
    edition_id, category = registration.edition_id, registration.category.slug
    written = write_answers(session, edition_id, registration.id, answers, category, is_another=is_another)
    if written.changes:
        _move_places(session, registration, written, now)
    return written


def drop_answers(
    session: Session, edition: Edition, people: Sequence[Registration], now: datetime
) -> dict[int, Written]:
    """Drop what these people answered to questions that their new category is not asked, and free the places of it.

    Returns what that changed, by registration.
    """
    questions = questions_of(session, edition.id) if edition.asks_questions else ()
    if not any(one.categories for one in questions):
        return {}
    known = answered_by_many(session, [person.id for person in people])
    dropped: dict[int, Written] = {}
    for person in people:
        answers = answers_of(known.get(person.id, {}).values())
        if answers.keys() - shown(questions, answers, person.category.slug):
            written = give_answers(session, person, {}, now, is_another=True)
            dropped |= {person.id: written} if written.changes else {}
    return dropped


def give_back(session: Session, people: Collection[Registration], now: datetime) -> None:
    """Free the places of options that these people held; what they answered stays on record."""
    for claim in option_claims(session, [person.id for person in people]):
        places.cancel_claim(session, claim.pool, claim, NOBODY_WAITS, now)


def take_again(session: Session, registration: Registration, now: datetime) -> None:
    """Take the places of what a reinstated registration had chosen; what is full is no longer its answer."""
    known, questions = answers_of(answered_by(session, registration.id)), questions_of(session, registration.edition_id)
    kept: dict[str, tuple[str, ...]] = {}
    for key, values in known.items():
        for value in values:
            try:
                _move_places(session, registration, Written(questions, {}, (), {}, {key: (value,)}), now)
            except ChoiceFull:
                kept[key] = tuple(one for one in kept.get(key, values) if one != value)
    if kept:
        write_answers(session, registration.edition_id, registration.id, kept, registration.category.slug)


def _move_places(session: Session, registration: Registration, written: Written, now: datetime) -> None:
    for one, option, pool in _limited(session, registration.edition_id, written.questions):
        had, has = (option.key in side.get(one.key, ()) for side in (written.before, written.after))
        if had == has:
            continue
        claims = select(Claim).where(Claim.registration_id == registration.id, Claim.pool_id == pool.id)
        claim = session.scalar(claims)
        if has:
            _take(session, pool, one, option, [claim or _new_claim(pool, registration.id)], now)
        elif claim is not None and claim.status == ClaimStatus.CONFIRMED:
            places.cancel_claim(session, pool, claim, NOBODY_WAITS, now)
    session.flush()


def _limited(
    session: Session, edition_id: int, questions: Sequence[OwnQuestion]
) -> list[tuple[OwnQuestion, Option, Pool]]:
    """The options of these questions that have a pool, in the order in which pools are taken."""
    pools = option_pools(session, edition_id)
    found = [(one, option, pools[option.id]) for one in questions for option in one.options if option.id in pools]
    return sorted(found, key=lambda one: one[1].id)


def _take(
    session: Session, pool: Pool, question: OwnQuestion, option: Option, claims: Sequence[Claim], now: datetime
) -> None:
    if not claims:
        return
    try:
        places.give_places(session, pool, claims, now)
    except places.NothingFree:
        raise ChoiceFull(question.field, option.key, option.caption) from None
    session.add_all(claims)


def _new_claim(pool: Pool, registration_id: int) -> Claim:
    return Claim(pool_id=pool.id, registration_id=registration_id, is_hold=False)
