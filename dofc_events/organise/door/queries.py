"""The people expected at the door, and those who have arrived on a day; the same queries however many they are."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Select, and_, case, func, literal_column, or_, select
from sqlalchemy.orm import Session, aliased, contains_eager

from dofc_events.accounts.models import Account
from dofc_events.conference.models import Category
from dofc_events.core.audit import AuditEntry
from dofc_events.core.order import sort_key
from dofc_events.delegates.models import Registration
from dofc_events.delegates.queries import AFTER_ALL, found_by
from dofc_events.delegates.rules import folded
from dofc_events.groups.models import Member
from dofc_events.groups.queries import groups_named
from dofc_events.places.models import Arrival, Claim
from dofc_events.places.rules import ClaimStatus
from dofc_events.registration.queries import place_at

Found = Select[Registration, ClaimStatus, bool, int | None, datetime, datetime | None]


@dataclass(frozen=True)
class Initial:
    """People with a place whose name, as read aloud, begins with a letter; `arrived` of them arrived on the day."""

    letter: str
    expected: int
    arrived: int


@dataclass(frozen=True)
class AtTheDoor:
    """Somebody who may come to the door, with a place or not.

    `arrived_at` is when they arrived on the day, `first_at` when they first arrived at the edition.
    """

    registration: Registration
    status: ClaimStatus
    is_hold: bool
    position_before: int | None
    arrived_at: datetime | None
    first_at: datetime | None


def letters_at(session: Session, edition_id: int, day: date) -> list[Initial]:
    """The letters that there are, in their order; together they have everyone with a confirmed place."""
    # Numbers and no parameters: PostgreSQL does not see that two parameters are the same.
    letter = func.substr(Registration.called, literal_column("1"), literal_column("1"))
    query = select(letter, func.count(), func.count(Arrival.at)).select_from(Registration)
    query = query.join(Claim, Claim.registration_id == Registration.id).where(place_at(edition_id))
    query = query.join(Arrival, and_(Arrival.claim_id == Claim.id, Arrival.day == day), isouter=True)
    query = query.where(Registration.edition_id == edition_id, Claim.status == ClaimStatus.CONFIRMED)
    found = [Initial(*row) for row in session.execute(query.group_by(letter))]
    return sorted(found, key=lambda one: sort_key(one.letter))


def people_expected(
    session: Session, edition_id: int, day: date, *, limit: int, letter: str = "", after_id: int | None = None
) -> list[AtTheDoor]:
    """Those with a confirmed place by name, as they are read aloud; `after_id` turns the page."""
    query = _people(edition_id, day).where(Claim.status == ClaimStatus.CONFIRMED)
    if letter:
        query = query.where(Registration.called >= letter, Registration.called < letter + AFTER_ALL)
    if after_id is not None:
        last = aliased(Registration)
        name = select(last.by_name).where(last.id == after_id).scalar_subquery()
        further = or_(Registration.by_name > name, and_(Registration.by_name == name, Registration.id > after_id))
        query = query.where(further)
    return _read(session, query.order_by(Registration.by_name, Registration.id).limit(limit))


def people_found(session: Session, edition_id: int, day: date, words: str, *, limit: int) -> list[AtTheDoor]:
    """The people these words find, even without a place: first those whose names begin with them, with a place.

    A group's name, and its contact's, find everybody of it who has not cancelled.
    """
    called = Registration.called
    named = (
        or_(called.startswith(word, autoescape=True), called.contains(f" {word}", autoescape=True))
        for word in folded(words).split()
    )
    order = (
        case((and_(True, *named), 0), else_=1),
        case((Claim.status == ClaimStatus.CONFIRMED, 0), else_=1),
        Registration.by_name,
        Registration.id,
    )
    found = found_by(words)
    if groups := groups_named(session, edition_id, words):
        of_group = select(Member.registration_id).where(Member.group_id.in_([group.id for group in groups]))
        found = or_(found, and_(Registration.id.in_(of_group), Registration.ended_at.is_(None)))
    return _read(session, _people(edition_id, day).where(found).order_by(*order).limit(limit))


def person_at_the_door(session: Session, edition_id: int, day: date, reference: str) -> AtTheDoor | None:
    """One of an edition's registrations."""
    return next(iter(_read(session, _people(edition_id, day).where(Registration.reference == reference))), None)


def on_record(session: Session, year: int, references: Collection[str]) -> dict[str, dict[str, str]]:
    """What the trail says of these people: who was `let_in_by` whom, and what was `merged_into` which registration.

    The last actor to check in each stands as the trail writes actors, with an account's name for its address.
    """
    query = select(AuditEntry, Account.name).where(AuditEntry.about.in_(references))
    query = query.outerjoin(Account, AuditEntry.actor == "account:" + Account.email)
    acts = AuditEntry.act.in_(("arrived", "cancelled"))
    let_in_by, merged_into = dict[str, str](), dict[str, str]()
    for entry, name in session.execute(query.where(AuditEntry.scope == str(year), acts).order_by(AuditEntry.id)):
        if entry.act == "arrived":
            let_in_by[entry.about] = f"account:{name}" if name else entry.actor
        else:
            merged_into[entry.about] = entry.details.get("other", "")
    return {"let_in_by": let_in_by, "merged_into": merged_into}


def _people(edition_id: int, day: date) -> Found:
    query = select(Registration, Claim.status, Claim.is_hold, Claim.position_before, Arrival.at, Claim.used_at)
    query = query.join(Claim, Claim.registration_id == Registration.id)
    query = query.join(Category, Category.id == Registration.category_id)
    query = query.join(Arrival, and_(Arrival.claim_id == Claim.id, Arrival.day == day), isouter=True)
    query = query.where(Registration.edition_id == edition_id, place_at(edition_id))
    return query.options(contains_eager(Registration.category))


def _read(session: Session, query: Found) -> list[AtTheDoor]:
    return [
        AtTheDoor(person, ClaimStatus(status), is_hold, position_before, at, first_at)
        for person, status, is_hold, position_before, at, first_at in session.execute(query)
    ]
