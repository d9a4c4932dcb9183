"""Reads about delegations."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, ScalarSelect, and_, case, func, select
from sqlalchemy.orm import Session, joinedload

from dofc_events.core.order import sort_key
from dofc_events.groups.models import Group, Invitation, Member
from dofc_events.groups.queries import open_invitations
from dofc_events.places.models import Claim, Pool
from dofc_events.places.rules import TAKEN, ClaimStatus


@dataclass(frozen=True)
class Row:
    """A group with its numbers: `used` of its promised places are used, while they are kept.

    `invited` are people with an open invitation, which promises a place. `registered` are its people who have not
    cancelled; `waiting` are those of them who wait for a place.
    """

    group: Group
    used: int | None
    invited: int
    registered: int
    waiting: int

    @property
    def free(self) -> int:
        """Promised places that nobody uses."""
        return (self.group.places or 0) - (self.used or 0) if self.group.keeps_places else 0

    @property
    def left(self) -> int:
        """Promised places that nobody uses, or is invited to."""
        return max(0, self.free - self.invited)


def groups_at(session: Session, edition_id: int, *, only: int | None = None) -> list[Row]:
    """The groups of an edition, delegations first, then by organisation; in one query."""
    kept = select(Pool.taken).where(Pool.promise_id == Group.promise_id).scalar_subquery()
    invited = open_invitations(Group.id).scalar_subquery()

    def number(*statuses: ClaimStatus) -> ColumnElement[int]:
        return func.sum(case((Claim.status.in_(statuses), 1), else_=0))

    live = (*TAKEN, ClaimStatus.WAITLISTED, ClaimStatus.REQUESTED, ClaimStatus.EXPIRED)
    numbers = (number(*live), number(ClaimStatus.WAITLISTED, ClaimStatus.REQUESTED))
    query = select(Group, kept, invited, *numbers)
    query = query.outerjoin(Member, Member.group_id == Group.id)
    place = and_(Claim.registration_id == Member.registration_id, Claim.pool_id == _pool_of(edition_id))
    query = query.outerjoin(Claim, place).where(Group.edition_id == edition_id).group_by(Group.id)
    if only is not None:
        query = query.where(Group.id == only)
    rows = session.execute(query.order_by(Group.places.is_(None), Group.id))
    found = [Row(group, used, *(int(n or 0) for n in rest)) for group, used, *rest in rows]
    return sorted(found, key=lambda row: (not row.group.is_delegation, sort_key(row.group.organisation)))


def _pool_of(edition_id: int) -> ScalarSelect[int]:
    return select(Pool.id).where(Pool.edition_id == edition_id).scalar_subquery()


def group_by_reference(session: Session, edition_id: int, reference: str) -> Group | None:
    """A group of an edition."""
    query = select(Group).where(Group.edition_id == edition_id, Group.reference == reference)
    return session.scalar(query.options(joinedload(Group.edition)))


def invitations_of(session: Session, group_id: int) -> Sequence[Invitation]:
    """Everybody whom the head has invited, including those who have registered."""
    return session.scalars(select(Invitation).where(Invitation.group_id == group_id).order_by(Invitation.id)).all()


def delegations_to_end(session: Session, now: datetime) -> Sequence[int]:
    """Delegations whose promised places are no longer kept."""
    return session.scalars(select(Group.id).where(Group.promise_id.is_not(None), Group.until <= now)).all()


def count_promised_beyond(session: Session, edition_id: int, moment: datetime) -> int:
    """How many delegations of an edition were promised places until after a moment."""
    query = select(func.count()).where(Group.edition_id == edition_id, Group.promise_id.is_not(None))
    return session.scalars(query.where(Group.until > moment)).one()


def delegation_faults(session: Session) -> list[str]:
    """Promises that say something else than the groups they are made to, one sentence each."""
    query = select(Group.reference, Group.places, Pool.capacity).join(Pool, Pool.promise_id == Group.promise_id)
    return [
        f"group {reference}: was promised {places} places, but {kept} are kept"
        for reference, places, kept in session.execute(query.where(Group.places != Pool.capacity))
    ]
