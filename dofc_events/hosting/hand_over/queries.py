"""Reads about hand-over lists, and who has a part in them."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from dofc_events.accounts.models import Role
from dofc_events.accounts.rules import RoleName
from dofc_events.conference.models import Edition
from dofc_events.conference.queries import latest_edition
from dofc_events.hosting.models import (
    HandOverItem,
)
from dofc_events.hosting.queries import holds_now
from dofc_events.hosting.rules import (
    Side,
)


def hand_over_items(session: Session, edition_id: int) -> list[HandOverItem]:
    """An edition's hand-over list, in order, with the files of its items."""
    query = select(HandOverItem).where(HandOverItem.edition_id == edition_id).options(selectinload(HandOverItem.files))
    return list(session.scalars(query.order_by(HandOverItem.position, HandOverItem.id)))


def hand_over_item(session: Session, edition_id: int, item_id: int) -> HandOverItem | None:
    """One item of this edition's list, and of no other."""
    found = select(HandOverItem).where(HandOverItem.id == item_id, HandOverItem.edition_id == edition_id)
    return session.scalar(found.options(selectinload(HandOverItem.files)))


def hand_over_sides(session: Session, account_id: int, edition: Edition, now: datetime) -> set[Side]:
    """For which side of the hand-over this account can tick off: the chair for both."""
    last = latest_edition(session, edition.year)
    organises = {Side.HOST: edition.id, Side.LAST_HOST: last.id if last else None}
    roles = session.scalars(select(Role).where(Role.account_id == account_id, holds_now(now))).all()
    if any(role.role == RoleName.CHAIR for role in roles):
        return set(Side)
    mine = {role.edition_id for role in roles if role.role == RoleName.ORGANISER}
    return {side for side, edition_id in organises.items() if edition_id in mine}


def hand_overs_of(session: Session, edition: Edition) -> list[Edition]:
    """The editions with a hand-over list in which an edition's organisers have a part: their own, and the next one."""
    following = select(func.min(Edition.year)).where(Edition.year > edition.year).scalar_subquery()
    listed = select(HandOverItem.edition_id)
    query = select(Edition).where(Edition.id.in_(listed), Edition.year.in_((edition.year, following)))
    return list(session.scalars(query.order_by(Edition.year)))
