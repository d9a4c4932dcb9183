"""Answers together with the places of options that are limited. The edition's pool is locked already."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from sqlalchemy import select
from sqlalchemy.orm import Session

from dofc_events.conference.models import Edition
from dofc_events.conference.rules import Consequence, Effect
from dofc_events.core.audit import Actor
from dofc_events.core.changes import Difference
from dofc_events.core.errors import Refusal, ask_first
from dofc_events.delegates.models import Registration
from dofc_events.notices.service import Changes
from dofc_events.places import service as places
from dofc_events.places.models import Claim, Pool
from dofc_events.places.options.queries import option_claims, option_pools
from dofc_events.places.options.service import MovedUp, limit_options, terms_at
from dofc_events.places.rules import LIVE, ClaimStatus
from dofc_events.questions.answers.service import Written, add_answers, first_answers, mark_waiting, write_answers
from dofc_events.questions.models import EditionQuestion
from dofc_events.questions.queries import answered_by, answered_by_many, answers_of, questions_of
from dofc_events.questions.rules import PICKED, Answers, Option, OwnQuestion, shown


class ChoiceFull(Refusal):
    """All places of an option are taken; `field` is the question's, `option` the key, and `caption` what it says."""

    def __init__(self, field: str, option: str, caption: str) -> None:
        super().__init__(f"{field}: {option}")
        self.field, self.option, self.caption = field, option, caption


@dataclass(frozen=True)
class Given:
    """What was `written` of somebody's answers, and who else moves up because of it."""

    written: Written
    moved_up: Sequence[MovedUp] = ()


def give_first_answers(
    session: Session, edition_id: int, given: Sequence[tuple[Registration, Answers]], now: datetime
) -> None:
    """Write what people answered who are new, with the places of what they chose; who comes first gets them first.

    As many statements for many people as for one, but for those of options with a waiting list. Raises ChoiceFull, and
    ChangedMeanwhile.
    """
    if not any(any(answers.values()) for _person, answers in given):
        return
    questions = questions_of(session, edition_id)
    kept = {person.id: first_answers(questions, answers, person.category.slug) for person, answers in given}
    add_answers(session, questions, kept)
    chosen = {key for answers in kept.values() for key in answers}
    if not any(one.key in chosen and one.kind in PICKED for one in questions):
        return
    for limited in _limited(session, edition_id, questions):
        people = [id_ for id_, answers in kept.items() if limited.option.key in answers.get(limited.question.key, ())]
        _take(session, limited, [limited.new_claim(id_) for id_ in people], now)
    session.flush()


def give_answers(
    session: Session, registration: Registration, answers: Answers, now: datetime, *, is_another: bool = False
) -> Given:
    """Write what a registration answers, as `write_answers` does, with the places of what is chosen.

    Raises ChoiceFull, and ChangedMeanwhile.
    """
    edition_id, category = registration.edition_id, registration.category.slug
    written = write_answers(session, edition_id, registration.id, answers, category, is_another=is_another)
    return Given(written, _move_places(session, registration, written, now) if written.changes else ())


def drop_answers(session: Session, edition: Edition, people: Sequence[Registration], now: datetime) -> dict[int, Given]:
    """Drop what these people answered to questions that their new category is not asked, and free the places of it.

    Returns what that changed, by registration.
    """
    questions = questions_of(session, edition.id) if edition.asks_questions else ()
    if not any(one.categories for one in questions):
        return {}
    known = answered_by_many(session, [person.id for person in people])
    dropped: dict[int, Given] = {}
    for person in people:
        answers = answers_of(known.get(person.id, {}).values())
        if answers.keys() - shown(questions, answers, person.category.slug):
            given = give_answers(session, person, {}, now, is_another=True)
            dropped |= {person.id: given} if given.written.changes else {}
    return dropped


def give_back(session: Session, edition: Edition, people: Collection[Registration], now: datetime) -> list[MovedUp]:
    """Free the places of options that these people held, who cancel; what they chose, or waited for, stays on record.

    Returns who moves up.
    """
    held = option_claims(session, [person.id for person in people])
    if not held:
        return []
    questions = questions_of(session, edition.id)
    by_option = {limited.option.id: limited for limited in _limited(session, edition.id, questions)}
    moved = []
    for option_id, some in groupby(held, key=lambda claim: claim.pool.option_id):
        moved += _release(session, by_option[option_id], list(some), terms_at(edition, now), now)
    return moved


def take_again(session: Session, registration: Registration, now: datetime) -> Difference:
    """Take the places of what a reinstated registration had chosen; what is full, and has no list, is not chosen.

    Returns which answers that changed, in words.
    """
    known, questions = answered_by(session, registration.id), questions_of(session, registration.edition_id)
    ids = {one.key: one.id for one in questions}
    for one in known:
        for option in one.waiting:
            # It may not be limited any longer.
            mark_waiting(session, ids[one.key], option, [registration.id], waits=False)
    kept: dict[str, tuple[str, ...]] = {}
    for key, values in answers_of(known).items():
        for value in values:
            try:
                _move_places(session, registration, Written(questions, {}, (), {}, {key: (value,)}), now)
            except ChoiceFull:
                kept[key] = tuple(one for one in kept.get(key, values) if one != value)
    if not kept:
        return {}
    return write_answers(session, registration.edition_id, registration.id, kept, registration.category.slug).changes


def set_places(
    session: Session,
    edition_id: int,
    question: EditionQuestion,
    places: Mapping[str, int | None],
    actor: Actor,
    now: datetime,
    *,
    agreed: str = "",
    also: Sequence[Consequence] = (),
) -> None:
    """Set how many places each option of a question has, as `limit_options` does, and tell people who move up.

    If somebody does, or something else is to be asked about, raises NotAgreed unless `agreed` is the digest of that.
    Raises TooFewPlaces, and PeopleWait.
    """
    edition = session.get_one(Edition, edition_id)
    moved = limit_options(session, edition, question, places, now)
    given = [Consequence(Effect.OPTION_GIVEN, len(one.registration_ids), one.caption) for one in moved]
    ask_first(agreed, [*also, *given])
    changes = Changes(session, edition, actor, now)
    moved_up(session, changes, moved)
    changes.tell()


def moved_up(session: Session, changes: Changes, moved: Iterable[MovedUp]) -> None:
    """Write down, and tell, that these people have a place now of an option that they waited for."""
    for one in moved:
        mark_waiting(session, one.question_id, one.option, one.registration_ids, waits=False)
        changes.choice_given(one.registration_ids, one.question, one.caption)


@dataclass(frozen=True)
class _Limited:
    """An option that has a pool."""

    question: OwnQuestion
    option: Option
    pool: Pool

    def new_claim(self, registration_id: int) -> Claim:
        return Claim(pool_id=self.pool.id, registration_id=registration_id, is_hold=False)


def _limited(session: Session, edition_id: int, questions: Sequence[OwnQuestion]) -> list[_Limited]:
    """The options of these questions that have a pool, in the order in which pools are taken."""
    pools = option_pools(session, edition_id)
    limited = ((one, option) for one in questions for option in one.options if option.id in pools)
    found = [_Limited(one, option, pools[option.id]) for one, option in limited]
    return sorted(found, key=lambda one: one.option.id)


def _move_places(session: Session, registration: Registration, written: Written, now: datetime) -> list[MovedUp]:
    moved: list[MovedUp] = []
    for limited in _limited(session, registration.edition_id, written.questions):
        key, question = limited.option.key, limited.question.key
        had, has = (key in side.get(question, ()) for side in (written.before, written.after))
        if had == has:
            continue
        mine = Claim.registration_id == registration.id, Claim.pool_id == limited.pool.id
        claim = session.scalar(select(Claim).where(*mine))
        if has:
            _take(session, limited, [claim or limited.new_claim(registration.id)], now)
        elif claim is not None and claim.status in LIVE:
            moved += _release(session, limited, [claim], terms_at(registration.edition, now), now)
    session.flush()
    return moved


def _take(session: Session, limited: _Limited, claims: Sequence[Claim], now: datetime) -> None:
    """Take a place of each option; where there is a waiting list, people who come too late join it."""
    option, pool = limited.option, limited.pool
    if not claims:
        return
    if not option.waiting_list:
        try:
            places.give_places(session, pool, claims, now)
        except places.NothingFree:
            raise ChoiceFull(limited.question.field, option.key, option.caption) from None
        session.add_all(claims)
        return
    for claim in claims:
        places.claim_again(session, pool, claim, now)
    session.add_all(claims)
    for waits in (True, False):
        people = [one.registration_id for one in claims if (one.status == ClaimStatus.WAITLISTED) is waits]
        mark_waiting(session, limited.question.id, option.key, people, waits=waits)


def _release(
    session: Session, limited: _Limited, claims: Sequence[Claim], terms: places.OfferTerms, now: datetime
) -> list[MovedUp]:
    promoted = places.cancel_claims(session, limited.pool, claims, terms, now)
    people = tuple(one.registration_id for one in promoted)
    question, option = limited.question, limited.option
    return [MovedUp(question.id, question.caption, option.key, option.caption, people)] if people else []
