"""Reads of an edition's trail; the same number of queries for few entries and for many."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import func, literal, or_, select
from sqlalchemy.orm import Session

from dofc_events.accounts.models import Account, Role
from dofc_events.accounts.rules import RoleName
from dofc_events.conference.models import Edition
from dofc_events.core.audit import AuditEntry
from dofc_events.core.pages import Turn, page_of
from dofc_events.delegates.models import Registration
from dofc_events.delegates.queries import found_by


@dataclass(frozen=True)
class TrailFilters:
    """What the trail is narrowed to; empty text narrows nothing.

    `act` as it is recorded; `actor` one of them (`account:ana@…`) or a kind (`delegate`); `q` finds delegates.
    """

    act: str = ""
    actor: str = ""
    q: str = ""


@dataclass(frozen=True)
class TrailPage:
    """Entries of a trail, newest first; `before` stand before them, of `total`."""

    entries: Sequence[AuditEntry]
    before: int
    total: int


def trail_of(session: Session, edition: Edition, filters: TrailFilters, *, turn: Turn, size: int) -> TrailPage:
    """A page of everything recorded about an edition."""
    query = select(AuditEntry.id).where(AuditEntry.scope == str(edition.year))
    if filters.act:
        query = query.where(AuditEntry.act == filters.act)
    if filters.actor:
        of_kind = AuditEntry.actor.startswith(f"{filters.actor}:", autoescape=True)
        query = query.where(or_(AuditEntry.actor == filters.actor, of_kind))
    if filters.q:
        found = select(Registration.reference).where(Registration.edition_id == edition.id, found_by(filters.q))
        # The trail outlives the people it mentions. One list, because with OR no index would be of use.
        query = query.where(AuditEntry.about.in_(found.union(select(literal(filters.q.upper())))))
    page = page_of(session, query, AuditEntry.id, turn, size)
    entries = select(AuditEntry).where(AuditEntry.id.in_(page.ids)).order_by(AuditEntry.id.desc())
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    return TrailPage(session.scalars(entries).all(), page.before, total)


def names_of(session: Session, references: Collection[str]) -> dict[str, str]:
    """The names of those who have these references, by reference."""
    found = session.scalars(select(Registration).where(Registration.reference.in_(references)))
    return {person.reference: person.full_name for person in found}


def team_of(session: Session, edition_id: int) -> list[str]:
    """The addresses of people who can, or once could, act on an edition: its organisers and desk, and the chair."""
    query = select(Account.email).join(Role, Role.account_id == Account.id)
    query = query.where(or_(Role.edition_id == edition_id, Role.role == RoleName.CHAIR))
    return sorted(set(session.scalars(query)))
