"""Reads about co-hosts: by their link, and who is asked for a member."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from dofc_events.accounts.models import Account, Role
from dofc_events.accounts.rules import MEMBER_ROLES, RoleName
from dofc_events.core.references import read_token
from dofc_events.extensions import settings
from dofc_events.hosting.models import CoHost
from dofc_events.hosting.queries import CO_HOST, holds_now


def co_host_by_link(session: Session, token: str) -> CoHost | None:
    """The co-host of a link, if the proposer still names it."""
    read = read_token(settings().secret_key, CO_HOST, token)
    return session.get(CoHost, int(read[0])) if read else None


def asked_for(session: Session, organisation_id: int, now: datetime) -> list[Account]:
    """Who is asked whether a member is a co-host: those who vote for it."""
    role = select(Role.account_id).where(
        Role.organisation_id == organisation_id, Role.role == RoleName.MEMBER, holds_now(now)
    )
    return list(session.scalars(select(Account).where(Account.id.in_(role)).order_by(Account.id)))


def speakers_of(session: Session, organisation_id: int) -> list[int]:
    """The ids of the accounts that vote or review for an organisation, or did."""
    query = select(Role.account_id).where(Role.organisation_id == organisation_id, Role.role.in_(MEMBER_ROLES))
    return list(session.scalars(query))
