"""Promises places to an organisation. Each act locks the edition's pool first."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dofc_events.conference.models import Edition
from dofc_events.core.audit import Actor, record
from dofc_events.core.changes import difference, refuse_changed
from dofc_events.core.clock import in_another_zone
from dofc_events.core.errors import Refusal, ask_first
from dofc_events.groups import mails
from dofc_events.groups.delegations.queries import groups_at
from dofc_events.groups.models import Group
from dofc_events.groups.service import Contact, move_people, new_group
from dofc_events.mail import outbox
from dofc_events.mail.rules import address_key
from dofc_events.notices.service import Changes, send, terms_of
from dofc_events.places import service as places
from dofc_events.places.line.queries import would_move_up
from dofc_events.places.models import Pool
from dofc_events.places.promises.service import end_promise, make_promise, promise_pool, resize_promise
from dofc_events.places.queries import edition_pool
from dofc_events.registration.on_behalf.service import EditionNotRunning, can_be_added_to


@dataclass(frozen=True)
class Promised:
    """How many places are promised to which organisation; `until` is an aware UTC moment."""

    organisation: str
    contact_name: str
    email: str
    places: int
    until: datetime


@dataclass(frozen=True)
class Consequence:
    """What a change of a promise brings about: its `act`, and how many it concerns."""

    act: str
    number: int


class TooLate(Refusal):
    """Places can only be kept until registration closes, and for some time from now."""


class NothingFreeToPromise(Refusal):
    """The edition has only `free` places left, fewer than were to be promised."""

    def __init__(self, free: int) -> None:
        super().__init__(str(free))
        self.free = free


class NoPromise(Refusal):
    """The group was promised nothing, or its places are no longer kept."""


def promised_of(group: Group) -> Promised:
    """What is promised now."""
    return Promised(**{field.name: getattr(group, field.name) for field in fields(Promised)})


def promise_places(
    session: Session, edition_id: int, promised: Promised, actor: Actor, now: datetime, *, keep_mail: bool = False
) -> Group:
    """Keep places for an organisation until a moment; its head gets the link to its page.

    With `keep_mail` the message is stored and not sent, for demonstration data. Raises EditionNotRunning, TooLate, and
    NothingFreeToPromise.
    """
    pool = places.lock_edition_pool(session, edition_id)
    edition = session.get_one(Edition, edition_id)
    if not can_be_added_to(edition, now):
        raise EditionNotRunning
    _refuse_late(edition, promised.until, now)
    contact = Contact(promised.contact_name, promised.email, "en", promised.organisation)
    group = new_group(session, edition, contact, None, now)
    group.places, group.until = promised.places, promised.until
    group.promise_id = _kept(pool, lambda: make_promise(session, pool, promised.places).id)
    session.flush()
    said = {"organisation": group.organisation, "number": promised.places, "until": promised.until.isoformat()}
    record_of(session, actor, now, "places_promised", group, **said)
    send(session, mails.delegation_promised(group), now, keep=keep_mail)
    return group


def change_promise(
    session: Session,
    group_id: int,
    promised: Promised,
    actor: Actor,
    now: datetime,
    *,
    seen: Promised | None = None,
    agreed: str = "",
) -> bool:
    """Change what is promised, which was `seen`; the head is told. Returns whether anything changed.

    Fewer places go to the edition's waiting list: raises NotAgreed with Consequences if anybody would move up, people
    are invited to these places, or another head is to have the link. Raises NoPromise, TooLate, NothingFreeToPromise,
    CapacityBelowTaken and ChangedMeanwhile.
    """
    group, pool = locked_group(session, group_id)
    promise_id = promise_of(group)
    before = promised_of(group)
    refuse_changed(seen, before)
    changes = difference(vars(before), vars(promised))
    if not changes:
        return False
    if promised.until != before.until:
        _refuse_late(group.edition, promised.until, now)
    fewer = before.places - promised.places
    up = would_move_up(session, pool, pool.capacity + fewer) if fewer > 0 else 0
    asked = [Consequence("moving_up", up)] if up else []
    [row] = groups_at(session, group.edition_id, only=group.id)
    asked += [Consequence("invited", min(fewer - row.left, row.invited))] if row.invited and fewer > row.left else []
    asked += [Consequence("new_head", 1)] if promised.email != before.email else []
    ask_first(agreed, asked)
    terms = terms_of(group.edition, now)
    moved_up = _kept(pool, lambda: resize_promise(session, pool, promise_id, promised.places, terms, now))
    for name, value in vars(promised).items():
        setattr(group, name, value)
    if promised.email != before.email:
        outbox.withdraw(session, group.reference, now, recipient=before.email)
        group.email_key, group.link_version = address_key(promised.email), group.link_version + 1
        move_people(session, group, before.email, now)
    record_of(session, actor, now, "promise_changed", group, changes=changes)
    known = (before.places, before.until) if promised.email == before.email else None
    send(session, mails.delegation_promised(group, before=known), now)
    tell_moved_up(session, group.edition, moved_up, actor, now)
    return True


def move_to_zone(session: Session, edition_id: int, zone: str, other: str) -> None:
    """Keep places until the same time of day when the edition, which is locked, changes from a zone to the `other`."""
    for group in session.scalars(select(Group).where(Group.edition_id == edition_id, Group.promise_id.is_not(None))):
        group.until = in_another_zone(group.until, zone, other)
    session.flush()


def withdraw_promise(session: Session, group_id: int, actor: Actor, now: datetime, *, agreed: str = "") -> int:
    """Stop keeping places; those who have one keep it. The head is told. Returns how many places were unused.

    Raises NotAgreed with Consequences unless `agreed`, and NoPromise.
    """
    group, pool = locked_group(session, group_id)
    kept = promise_pool(session, promise_of(group))
    unused = kept.capacity - kept.taken
    ask_first(agreed, withdrawing(session, group))
    _end(session, group, pool, actor, now, by_organisers=True)
    return unused


def withdrawing(session: Session, group: Group) -> list[Consequence]:
    """What withdrawing a promise would bring about. Raises NoPromise."""
    kept, pool = promise_pool(session, promise_of(group)), edition_pool(session, group.edition_id)
    assert pool is not None, "places of it were promised"
    unused = kept.capacity - kept.taken
    up = would_move_up(session, pool, pool.capacity + unused) if unused else 0
    return [Consequence("ending", unused), Consequence("moving_up", up)]


def end_delegation(session: Session, group_id: int, actor: Actor, now: datetime) -> None:
    """The date has come: what is unused goes to the edition's waiting list, and the head is told."""
    group, pool = locked_group(session, group_id)
    if group.promise_id is not None and group.until is not None and group.until <= now:
        _end(session, group, pool, actor, now, by_organisers=False)


def _end(session: Session, group: Group, pool: Pool, actor: Actor, now: datetime, *, by_organisers: bool) -> None:
    promise_id = group.promise_id
    assert promise_id is not None, "the caller has looked"
    kept = promise_pool(session, promise_id)
    used, unused = kept.taken, kept.capacity - kept.taken
    group.promise_id, group.ended_at = None, now
    session.flush()
    moved_up = end_promise(session, pool, promise_id, terms_of(group.edition, now), now)
    said = {"organisation": group.organisation, "used": used, "number": unused}
    record_of(session, actor, now, "promise_withdrawn" if by_organisers else "promise_ended", group, **said)
    send(session, mails.delegation_ended(group, used, unused, by_organisers=by_organisers), now)
    tell_moved_up(session, group.edition, moved_up, actor, now)


def tell_moved_up(
    session: Session, edition: Edition, moved_up: Sequence[places.Promotion], actor: Actor, now: datetime
) -> None:
    """Tell everybody who moved up."""
    changes = Changes(session, edition, actor, now)
    changes.moved_up(moved_up)
    changes.tell()


def _kept(pool: Pool, act: Any) -> Any:
    free = pool.capacity - pool.taken
    try:
        return act()
    except places.NothingFree:
        raise NothingFreeToPromise(free) from None


def locked_group(session: Session, group_id: int) -> tuple[Group, Pool]:
    """A group and its edition's pool, the pool's row locked until the unit of work ends."""
    pool = places.lock_edition_pool(session, session.get_one(Group, group_id).edition_id)
    return session.get_one(Group, group_id, populate_existing=True), pool


def promise_of(group: Group) -> int:
    """The promise whose places are kept for a group. Raises NoPromise."""
    if group.promise_id is None or not group.keeps_places:
        raise NoPromise
    return group.promise_id


def _refuse_late(edition: Edition, until: datetime, now: datetime) -> None:
    closes_at = edition.registration_closes_at
    if until <= now or (closes_at is not None and until > closes_at):
        raise TooLate


def record_of(session: Session, actor: Actor, now: datetime, act: str, group: Group, **said: Any) -> None:
    """Add to the trail what happened to a group."""
    record(session, actor, now, act, scope=str(group.edition.year), about=group.reference, **said)
