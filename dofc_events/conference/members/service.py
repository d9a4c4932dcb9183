"""Organisations become members of the network."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from dofc_events.conference.models import Member, Organisation
from dofc_events.core.audit import Actor, record


def add_member(
    session: Session, slug: str, name: str, country: str | None, actor: Actor, now: datetime, *, is_demo: bool = False
) -> Member:
    """Make an organisation a member of the network, adding it if its slug is new. A member stays what it is."""
    organisation = session.scalar(select(Organisation).where(Organisation.slug == slug))
    if organisation is None:
        organisation = Organisation(slug=slug, name=name, country=country, is_demo=is_demo)
        session.add(organisation)
        session.flush()
    member = session.get(Member, organisation.id)
    if member is None:
        member = Member(organisation_id=organisation.id, is_active=True)
        session.add(member)
        record(session, actor, now, "member_added", organisation=slug)
        session.flush()
    return member
