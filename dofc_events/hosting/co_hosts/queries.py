"""Reads about co-hosts: by their link, and who speaks for one."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from dofc_events.accounts.models import Role
from dofc_events.accounts.rules import MEMBER_ROLES
from dofc_events.core.references import read_token
from dofc_events.extensions import settings
from dofc_events.hosting.models import CoHost
from dofc_events.hosting.queries import CO_HOST, representatives_of


def co_host_by_link(session: Session, token: str) -> CoHost | None:
    """The co-host of a link, if the proposer still names it."""
    read = read_token(settings().keys, CO_HOST, token)
    return session.get(CoHost, int(read[0])) if read else None


def speakers_of(session: Session, organisation_id: int) -> list[int]:
    """The ids of the accounts that vote or review for an organisation, or did."""
    query = select(Role.account_id).where(Role.organisation_id == organisation_id, Role.role.in_(MEMBER_ROLES))
    return list(session.scalars(query))


def reached_at(session: Session, co_host: CoHost, now: datetime) -> list[tuple[str, str]]:
    """The addresses, with names, of those who speak for a co-host; nobody, if none was typed for one that is no member.

    A member's representatives do, whatever was typed.
    """
    if co_host.organisation_id is not None:
        return [(account.email, account.name) for account in representatives_of(session, co_host.organisation_id, now)]
    return [(co_host.email, "")] if co_host.email else []
