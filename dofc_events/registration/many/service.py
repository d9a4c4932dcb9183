"""Acts of organisers on many registrations at once.

Each act runs inside the caller's unit of work and locks the edition's pool first, as in `service`. It applies to
exactly the people the organiser saw before confirming, even if others came meanwhile; or to nobody, if what matters to
it has changed for one of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from dofc_events.conference.models import Edition
from dofc_events.core.audit import Actor, record
from dofc_events.core.changes import Difference, difference
from dofc_events.core.errors import Refusal
from dofc_events.delegates.models import Registration
from dofc_events.delegates.service import category_of
from dofc_events.notices.service import Changes, terms_of
from dofc_events.places import service as places
from dofc_events.places.models import Claim, Pool
from dofc_events.places.rules import ClaimStatus
from dofc_events.registration.answers.service import drop_answers, give_back, moved_up
from dofc_events.registration.many.queries import Selection, selection_of, those_shown
from dofc_events.registration.notes.service import tag, untag
from dofc_events.registration.queries import Audience, members_of
from dofc_events.registration.rules import Act


@dataclass(frozen=True)
class Order:
    """The people for whom an organiser wants something done, and the digest of what the page showed of it."""

    audience: Audience
    digest: str


class SelectionChanged(Refusal):
    """It would no longer be done for the people, or in the way, that the page had shown."""


@dataclass(frozen=True)
class _Chosen:
    """What an act works on, with the edition's pool locked."""

    edition: Edition
    pool: Pool
    selection: Selection
    people: Sequence[Registration]
    claims: Sequence[Claim]

    @property
    def ids(self) -> list[int]:
        return [person.id for person in self.people]


def put_tag(session: Session, edition_id: int, order: Order, word: str, actor: Actor, now: datetime) -> int:
    """Put a tag on everybody; returns on how many. Raises SelectionChanged."""
    chosen = _chosen(session, edition_id, order, Act.TAG, now)
    tag(session, chosen.people, word, actor, now)
    return len(chosen.people)


def take_tag(session: Session, edition_id: int, order: Order, word: str, actor: Actor, now: datetime) -> int:
    """Take a tag off everybody who has it; returns off how many. Raises SelectionChanged."""
    chosen = _chosen(session, edition_id, order, Act.UNTAG, now)
    return untag(session, chosen.people, word, actor, now)


def change_category(
    session: Session, edition_id: int, order: Order, slug: str, actor: Actor, now: datetime, *, quiet: bool = False
) -> int:
    """Put everybody into a category, and tell those for whom it is new, unless `quiet`; returns how many they are.

    Raises SelectionChanged, NoSuchCategory, and CategoryFull if there is no room for all who have a place.
    """
    chosen = _chosen(session, edition_id, order, Act.CATEGORY, now)
    category = category_of(session, edition_id, slug)
    changes = Changes(session, chosen.edition, actor, now, quiet=chosen.ids if quiet else ())
    claims = zip(chosen.people, chosen.claims, strict=True)
    moved = [(person, claim, person.category_id) for person, claim in claims if person.category_id != category.id]
    said: dict[int, Difference] = {}
    for person, _claim, _before in moved:
        said[person.id] = {"category": [person.category.slug, slug]}
        person.category = category
    dropped = drop_answers(session, chosen.edition, [person for person, _claim, _before in moved], now)
    for person, _claim, _before in moved:
        given = dropped.get(person.id)
        more, told = (given.written.changes, given.written.told) if given else ({}, ())
        changes.details(person, said[person.id] | more, told=("category", *told))
    for given in dropped.values():
        moved_up(session, changes, given.moved_up)
    were_in = [(claim, before) for _person, claim, before in moved]
    changes.moved_up(places.change_category(session, chosen.pool, were_in, terms_of(chosen.edition, now), now))
    changes.tell()
    return len(moved)


def confirm(
    session: Session, edition_id: int, order: Order, reason: str, actor: Actor, now: datetime, *, enlarge: bool = False
) -> int:
    """Give everybody who waits or has an offer their place, for a reason that they are told; returns how many they are.

    With `enlarge` the edition, and categories with a limit, get as many places more as are not free, and these people
    get them, past all others who wait. Raises SelectionChanged, and NothingFree without it.
    """
    chosen = _chosen(session, edition_id, order, Act.CONFIRM, now)
    before = chosen.pool.capacity
    waiting = [claim for claim in chosen.claims if claim.status == ClaimStatus.WAITLISTED]
    added, more = (chosen.selection.missing, chosen.selection.missing_in) if enlarge else (0, {})
    added_to = {category.id: number for category, number in more.items()}
    places.give_places(session, chosen.pool, waiting, now, added=added, added_to=added_to)
    for claim in chosen.claims:
        if claim.status == ClaimStatus.OFFERED:
            places.accept_claim(session, claim, now)
    scope = str(chosen.edition.year)
    if said := difference({"capacity": before}, {"capacity": chosen.pool.capacity}):
        record(session, actor, now, "capacity_changed", scope=scope, changes=said, because=reason)
    if more:
        limits = {category.label: category.limit for category in more}
        said = {"limits": [limits, {category.label: (category.limit or 0) + n for category, n in more.items()}]}
        record(session, actor, now, "limits_changed", scope=scope, changes=said, because=reason)
    changes = Changes(session, chosen.edition, actor, now)
    changes.book.look_up(chosen.ids)
    for person in chosen.people:
        changes.place("place_given", person, confirmed=True, because=reason)
    changes.tell()
    return len(chosen.people)


def approve(session: Session, edition_id: int, order: Order, message: str, actor: Actor, now: datetime) -> int:
    """Accept everybody's request, and tell them, with a message if there is one; returns how many they are.

    Each gets a place, or waits in the position that the request had. Raises SelectionChanged.
    """
    chosen = _chosen(session, edition_id, order, Act.APPROVE, now)
    changes = Changes(session, chosen.edition, actor, now)
    changes.book.look_up(chosen.ids)
    requests = sorted(zip(chosen.people, chosen.claims, strict=True), key=lambda request: request[1].position or 0)
    for person, claim in requests:
        places.grant_claim(session, chosen.pool, claim, now)
        changes.place("request_accepted", person, confirmed=claim.status == ClaimStatus.CONFIRMED)
        changes.news[person.id].organisers_say = message
    changes.tell()
    return len(chosen.people)


def cancel(
    session: Session, edition_id: int, order: Order, reason: str, actor: Actor, now: datetime, *, quiet: bool = False
) -> int:
    """Cancel everybody's registration, for a reason that they are told; returns how many they are.

    If it is `quiet`, they are not told, and the reason, which may be "", is the organisers' own. Their places
    and seats go to the next in line, who are not among them. Raises SelectionChanged.
    """
    chosen = _chosen(session, edition_id, order, Act.CANCEL, now)
    changes = Changes(session, chosen.edition, actor, now, quiet=chosen.ids if quiet else ())
    for person, claim in zip(chosen.people, chosen.claims, strict=True):
        changes.cancelled(person, ClaimStatus(claim.status), reason)
    next_in_line = places.cancel_claims(session, chosen.pool, chosen.claims, terms_of(chosen.edition, now), now)
    moved_up(session, changes, give_back(session, chosen.edition, chosen.people, now))
    changes.book.leave(*chosen.ids)
    changes.moved_up(next_in_line)
    changes.tell()
    return len(chosen.people)


def _chosen(session: Session, edition_id: int, order: Order, act: Act, now: datetime) -> _Chosen:
    """The people the act is for. Raises SelectionChanged unless they are as the page had shown them."""
    pool = places.lock_edition_pool(session, edition_id)
    edition = session.get_one(Edition, edition_id, populate_existing=True)
    audience = those_shown(order.audience, order.digest)
    selection = selection_of(session, edition, audience, act, now)
    if selection.digest != order.digest:
        raise SelectionChanged
    able = {person.id for person in selection.able}
    query = select(Registration, Claim).join(Claim, Claim.registration_id == Registration.id)
    query = query.options(joinedload(Registration.category), selectinload(Registration.tags))
    query = query.where(*members_of(edition_id, audience)).order_by(Registration.id)
    rows = [row for row in session.execute(query.execution_options(populate_existing=True)) if row[0].id in able]
    return _Chosen(edition, pool, selection, [person for person, _ in rows], [claim for _, claim in rows])
