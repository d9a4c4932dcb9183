"""Reads about groups and their people."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, func, literal, or_, select
from sqlalchemy.orm import Session, aliased, joinedload

from dofc_events.conference.models import Category, Edition
from dofc_events.core.audit import Actor, AuditEntry
from dofc_events.core.db import in_pieces
from dofc_events.core.references import read_token, sign
from dofc_events.delegates.models import Registration
from dofc_events.delegates.queries import leads_to_erased as of_delegate
from dofc_events.delegates.rules import GONE_KEY, folded
from dofc_events.delegates.spelling.rules import asked_for, keys_of
from dofc_events.extensions import settings
from dofc_events.groups.models import Group, Invitation, Member
from dofc_events.groups.rules import Shortage
from dofc_events.mail.models import Message
from dofc_events.mail.rules import address_key
from dofc_events.notices.models import UntoldNews
from dofc_events.notices.queries import asked_for_files, is_due, offer_is_untold, offers_to_remind_of
from dofc_events.places.line.queries import promises_of, who_gets_one_now
from dofc_events.places.models import Claim, Pool
from dofc_events.places.queries import CategoryPlaces, overdue
from dofc_events.places.rules import ClaimStatus

PURPOSE, INVITATION, PROOF = "group", "group-invitation", "confirm-group"


@dataclass(frozen=True)
class LookedAfter:
    """The people whom a delegate looks after, and the `token` of their group's page."""

    people: list[Registration]
    token: str

    @property
    def names(self) -> list[str]:
        return [one.full_name for one in self.people]


@dataclass(frozen=True)
class Person:
    """Somebody of a group, with what they hold of the edition's places, and of seats by the title of the trip."""

    registration: Registration
    claim: Claim
    seats: tuple[tuple[str, Claim], ...] = ()

    @property
    def status(self) -> ClaimStatus:
        return ClaimStatus(self.claim.status)


def token_of_group(group: Group) -> str:
    """The token of the link to a group's page that is valid now."""
    return sign(settings().keys, PURPOSE, group.reference, group.link_version)


def proof_of_group(group: Group) -> str:
    """The token of the link that only an email contains: whoever has it reads what is sent to the contact."""
    return sign(settings().keys, PROOF, group.reference, group.link_version)


def group_by_token(session: Session, token: str) -> Group | None:
    """The group that a link leads to, with its edition; None for a wrong or replaced one."""
    return _by_token(session, PURPOSE, token)


def group_by_proof(session: Session, token: str) -> Group | None:
    """The group whose places such a link confirms, with its edition; None for a wrong or replaced one."""
    return _by_token(session, PROOF, token)


def _by_token(session: Session, purpose: str, token: str) -> Group | None:
    signed = read_token(settings().keys, purpose, token)
    if signed is None:
        return None
    query = select(Group).where(Group.reference == signed[0], Group.link_version == signed[1])
    return session.scalar(query.options(joinedload(Group.edition)))


def leads_to_erased(session: Session, token: str) -> bool:
    """Whether a link led to a delegate, or to a group whose contact, has been erased since."""
    signed = read_token(settings().keys, PURPOSE, token) or read_token(settings().keys, PROOF, token)
    if signed is None:
        return of_delegate(session, token)
    erased = select(Group.id).where(Group.reference == signed[0], Group.email == "")
    return session.scalar(erased) is not None


def token_of_invitation(invitation: Invitation) -> str:
    """The token of the link in the invitation."""
    return sign(settings().keys, INVITATION, str(invitation.id), 1)


def invitation_by_token(session: Session, token: str) -> Invitation | None:
    """The invitation that a link leads to, with its group and edition; None for a wrong one, or one taken back."""
    signed = read_token(settings().keys, INVITATION, token)
    if signed is None:
        return None
    query = select(Invitation).where(Invitation.id == int(signed[0]))
    return session.scalar(query.options(joinedload(Invitation.group).joinedload(Group.edition)))


def is_answered(session: Session, invitation: Invitation) -> bool:
    """Whether somebody is registered with an invitation, who has not cancelled since."""
    registered = select(Registration.id).where(Registration.id == invitation.registration_id)
    return session.scalar(registered.where(Registration.ended_at.is_(None))) is not None


def people_of(session: Session, group_id: int) -> list[Person]:
    """Everybody of a group in the order in which they came, those who cancelled among them."""
    query = select(Registration, Claim).join(Member, Member.registration_id == Registration.id)
    query = query.join(Claim, Claim.registration_id == Registration.id).join(Pool, Pool.id == Claim.pool_id)
    query = query.where(Member.group_id == group_id, Pool.edition_id.is_not(None))
    query = query.options(joinedload(Registration.category)).order_by(Registration.id)
    return [Person(*row) for row in session.execute(query)]


def to_confirm(people: Iterable[Person]) -> list[Person]:
    """Those whose places are offered or held, and whose contact is to take them: they have no address of their own."""
    return [one for one in people if one.status is ClaimStatus.OFFERED and one.registration.email_key is None]


def to_add_files(
    session: Session, group: Group, now: datetime, people: Iterable[Person] | None = None
) -> Collection[Registration]:
    """Those of a group, or of these `people` of it, whose files its contact can add: they have no own address."""
    if not group.edition.asks_files:
        return ()
    some = [one.registration for one in (people_of(session, group.id) if people is None else people)]
    without = [one for one in some if one.email_key is None]
    return asked_for_files(session, group.edition, without, now)


def offered_to(session: Session, group: Group, now: datetime) -> list[Person]:
    """Those of a group whose places its contact can take now, see `offer_stands`."""
    if not group.edition.gives_places(now):
        return []
    found = to_confirm(people_of(session, group.id))
    return [
        one for one in found if not overdue(one.claim, now) or offer_is_untold(session, one.registration, one.claim)
    ]


def groups_told_now(session: Session, limit: int, now: datetime) -> Sequence[int]:
    """Registrations of whom the contact of a group is to be told now, those of one group together."""
    query = select(UntoldNews.registration_id).join(Registration).join(Member)
    query = query.where(is_due(now), Registration.email_key.is_(None))
    return session.scalars(query.order_by(Member.group_id, UntoldNews.registration_id).limit(limit)).all()


def groups_to_remind(session: Session, now: datetime) -> Sequence[int]:
    """Groups in which several people without an address of their own have an offer that lapses soon."""
    due = offers_to_remind_of(session, now)
    query = select(Member.group_id).join(Registration).where(Registration.email_key.is_(None))
    query = query.where(Member.registration_id.in_(due)).group_by(Member.group_id).having(func.count() > 1)
    return session.scalars(query.order_by(Member.group_id)).all() if due else []


def groups_with(session: Session, registration_ids: Collection[int]) -> dict[int, Group]:
    """The groups of these registrations, by registration."""
    query = select(Member.registration_id, Group).join(Group, Group.id == Member.group_id)
    query = query.where(Member.registration_id.in_(registration_ids)).options(joinedload(Group.edition))
    return dict(session.execute(query).all())


def group_of_contact(session: Session, registration: Registration, email: str = "") -> Group | None:
    """The group that a delegate has registered, which still has their address, and is no delegation; or None.

    With `email` the one that has this address, which was theirs.
    """
    query = select(Group).join(Member, Member.group_id == Group.id)
    query = query.where(Member.registration_id == registration.id, Member.is_contact)
    query = query.where(Group.email_key == (address_key(email) if email else registration.email_key))
    query = query.where(Group.places.is_(None))
    return session.scalar(query.options(joinedload(Group.edition)))


def looked_after(session: Session, registration: Registration) -> LookedAfter | None:
    """Those who are registered and whose emails go to a delegate: none of them leaves with the delegate.

    None if there is nobody. A delegate whose address is not the group's, unproved as it may be, is told of nobody.
    """
    group = group_of_contact(session, registration)
    people = [one.registration for one in people_of(session, group.id)] if group else []
    others = [one for one in people if one.email_key is None and not one.ended_at]
    return LookedAfter(others, token_of_group(group)) if group and others else None


def group_with(session: Session, registration_id: int) -> Group | None:
    """The group that a registration belongs to."""
    query = select(Group).join(Member, Member.group_id == Group.id)
    return session.scalar(query.where(Member.registration_id == registration_id))


def groups_named(session: Session, edition_id: int, words: str) -> list[Group]:
    """The groups of an edition that are called so: each of the words begins one of the organisation's or contact's."""
    asked = asked_for(words)
    if not asked:
        return []
    groups = session.scalars(select(Group).where(Group.edition_id == edition_id).order_by(Group.id))
    return [one for one in groups if _is_called(keys_of((one.organisation, one.contact_name)), asked)]


def _is_called(keys: Collection[str], asked: Iterable[Iterable[str]]) -> bool:
    return all(any(key.startswith(spelling) for key in keys for spelling in spellings) for spellings in asked)


def came_with(session: Session, registration_ids: Collection[int]) -> dict[int, Group]:
    """The groups of these registrations, but not of the contacts themselves; in one query."""
    found: dict[int, Group] = {}
    for some in in_pieces(registration_ids):
        query = select(Member.registration_id, Group).join(Group, Group.id == Member.group_id)
        query = query.where(Member.registration_id.in_(some), ~Member.is_contact)
        found |= dict(session.execute(query).all())
    return found


def made_with(session: Session, form_keys: Collection[str]) -> Group | None:
    """The group to which a form with this one-time key added people, if it was sent before."""
    query = select(Group).join(Member, Member.group_id == Group.id)
    query = query.join(Registration, Registration.id == Member.registration_id)
    return session.scalar(query.where(Registration.form_key.in_(form_keys)).limit(1))


def names_at(session: Session, edition_id: int, email: str) -> dict[tuple[str, str], str]:
    """The references of those who have this address as their contact's and have not cancelled, by name as compared."""
    query = select(Registration).where(Registration.edition_id == edition_id, Registration.email == email)
    query = query.where(Registration.email_key.is_(None), Registration.ended_at.is_(None))
    return {compared(one.given_name, one.family_name): one.reference for one in session.scalars(query)}


def companions_of(
    session: Session, edition: Edition, registration: Registration
) -> list[tuple[Registration, int | None]]:
    """The accompanying persons registered with a delegate's registration, with their groups.

    Those of an earlier registration of the same address count, too: it may have been cancelled without them. Whoever
    has typed that address may not see them: only the contact of their group.
    """
    own = aliased(Registration)
    same = or_(own.id == registration.id, own.email_key == registration.email_key)
    theirs = select(literal(f"{Actor('delegate')}:") + own.reference).where(own.edition_id == edition.id, same)
    # The contact of the group may be somebody else by now; who registered whom is in the trail for good.
    entries = select(AuditEntry.id).where(AuditEntry.about == Registration.reference, AuditEntry.act == "registered")
    brought = select(Registration, Member.group_id).outerjoin(Member, Member.registration_id == Registration.id)
    brought = brought.join(Category, Category.id == Registration.category_id)
    brought = brought.where(Registration.edition_id == edition.id, Registration.ended_at.is_(None))
    brought = brought.where(entries.where(AuditEntry.actor.in_(theirs)).exists())
    brought = brought.where(Category.slug == edition.companion_category).order_by(Registration.id)
    return [(one, group_id) for one, group_id in session.execute(brought)]


def compared(given_name: str, family_name: str) -> tuple[str, str]:
    """A name as it is compared with others of the same contact."""
    return folded(given_name), folded(family_name)


def open_invitations(group_id: Any) -> Select[int]:
    """How many people are invited to a group, and have not registered."""
    return select(func.count()).where(Invitation.group_id == group_id, Invitation.registration_id.is_(None))


def promises_for(session: Session, pool: Pool, group: Group | None, number: int) -> list[int | None]:
    """The promise whose places each of so many newcomers to a group gets first: not those that invitations promise."""
    if group is None or group.promise_id is None:
        return [None] * number
    invited, kept = session.scalars(open_invitations(group.id)).one(), promises_of(session, pool)[group.promise_id]
    left = max(0, kept.capacity - kept.taken - invited) if invited else number
    return [group.promise_id if one < left else None for one in range(number)]


def shortages(
    session: Session, pool: Pool, categories: Sequence[Category | CategoryPlaces], promise_ids: Sequence[int | None]
) -> list[Shortage]:
    """That there are fewer places than these newcomers, but for those who ask organisers for theirs; if there are."""
    pairs = zip(categories, promise_ids, strict=True)
    asking = [(one, promise_id) for one, promise_id in pairs if not one.needs_approval]
    newcomers = [(one.id, promise_id) for one, promise_id in asking]
    now = who_gets_one_now(session, pool, newcomers)
    if len(now) == len(newcomers):
        return []
    left_out = [number for number in who_gets_one_now(session, pool, newcomers, limited=False) if number not in now]
    return [Shortage(len(newcomers), len(now), tuple(dict.fromkeys(asking[number][0].label for number in left_out)))]


@cache
def told_with_group(kind: str) -> Select[int]:
    """The claims of people without an address of their own whose contact was told of them in one message of a kind.

    Of people whose data has been removed nobody knows whether they had one.
    """
    query = select(Claim.id).join(Registration, Registration.id == Claim.registration_id)
    query = query.join(Member, Member.registration_id == Registration.id).join(Group, Group.id == Member.group_id)
    query = query.join(Message, Message.about == Group.reference)
    without = or_(Registration.email_key.is_(None), Registration.email_key.like(f"{GONE_KEY}%"))
    return query.where(without, Message.kind == kind, Message.queued_at >= Claim.changed_at)
