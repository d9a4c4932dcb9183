"""Ending roles and accounts, whatever they are for."""

from datetime import datetime

from sqlalchemy.orm import Session

from dofc_events.accounts import service as accounts
from dofc_events.accounts import team
from dofc_events.accounts.models import Account, Role
from dofc_events.accounts.rules import RoleName, audit_name
from dofc_events.core.audit import Actor, record
from dofc_events.hosting.members.service import remove_representative


def end_role(
    session: Session, account_id: int, role_id: int, actor: Actor, now: datetime, *, even_the_last: bool = False
) -> None:
    """End one role of an account at `now`, with everything that follows from it.

    Raises NoSuchRole and LastChair, unless `even_the_last` may go.
    """
    role = session.get(Role, role_id)
    if role is None or role.account_id != account_id or role.has_ended(now):
        raise accounts.NoSuchRole
    if role.organisation_id is not None:
        remove_representative(session, role.organisation_id, account_id, RoleName(role.role), actor, now)
    elif role.edition_id is not None:
        team.end_role(session, role.edition_id, role_id, actor, now, even_the_last=True)
    else:
        accounts.end_chair(session, account_id, actor, now, even_the_last=even_the_last)


def end_account(session: Session, account_id: int, actor: Actor, now: datetime, *, even_the_last: bool = False) -> None:
    """End all that an account can do: its roles, where it is signed in, and its sign-in links.

    The account itself stays, as what it did does, and can be given roles anew. Raises LastChair.
    """
    roles = session.get_one(Account, account_id).roles
    # In the order of locks: what voters have to do with, then editions, then what is this account's own.
    for role in sorted(roles, key=lambda role: (not role.organisation_id, not role.edition_id, role.edition_id or 0)):
        if not role.has_ended(now):
            end_role(session, account_id, role.id, actor, now, even_the_last=even_the_last)
    accounts.lock_out(session, account_id, actor, now)
    record(session, actor, now, "account_ended", about=audit_name(account_id))
