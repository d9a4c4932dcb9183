"""An edition's team: who is given a role at it and until when; every change is recorded with what was before."""

from datetime import datetime

from sqlalchemy.orm import Session

from dofc_events.accounts import mails
from dofc_events.accounts.mails import INVITATION
from dofc_events.accounts.models import Account, Role
from dofc_events.accounts.queries import account_by_email, name_of, role_at, roles_at
from dofc_events.accounts.rules import Grant, RoleName, audit_name
from dofc_events.accounts.service import NoSuchRole, add_account
from dofc_events.conference.models import Edition
from dofc_events.conference.service import lock_edition
from dofc_events.core.audit import Actor, record
from dofc_events.core.changes import Difference, refuse_changed, write
from dofc_events.core.clock import in_another_zone
from dofc_events.core.errors import Refusal
from dofc_events.mail.outbox import enqueue, refuse_flood


class InTeamAlready(Refusal):
    """The address has this role at this edition, and it has not ended."""


class LastOrganiser(Refusal):
    """Without this role the edition would have no organiser."""


def invite(
    session: Session,
    edition_id: int,
    email: str,
    name: str,
    role: RoleName,
    ends_at: datetime | None,
    actor: Actor,
    now: datetime,
) -> Account:
    """Give an address a role at an edition until `ends_at`, and email it what it can now do.

    Raises InTeamAlready, and TooManyMessages when the address was written to too often.
    """
    edition = lock_edition(session, edition_id)
    grant, known = Grant(role, edition_id), account_by_email(session, email)
    if known and grant in known.grants(now):
        raise InTeamAlready
    # Strangers who write to the address by other forms must not keep it out of the team.
    refuse_flood(session, email, now, kind=INVITATION)
    account = add_account(session, email, name, grant, actor, now, ends_at=ends_at)
    invitation = mails.team_invitation(account, edition, role, ends_at, invited_by=name_of(session, actor))
    enqueue(session, invitation, now, asked_for=True)
    return account


def change_end(
    session: Session,
    edition_id: int,
    role_id: int,
    ends_at: datetime | None,
    actor: Actor,
    now: datetime,
    *,
    seen: tuple[datetime | None] | None = None,
) -> bool:
    """Let a role end at another moment than was `seen`, or with None not at all; returns whether that is new.

    Raises NoSuchRole.
    """
    edition = lock_edition(session, edition_id)
    role = _standing(session, edition_id, role_id, now)
    refuse_changed(seen, (role.ends_at,))
    changes = write(role, {"ends_at": ends_at})
    if changes:
        _record_change(session, actor, now, "role_changed", edition, role, changes)
    return bool(changes)


def move_to_zone(session: Session, edition_id: int, zone: str, other: str, now: datetime) -> None:
    """Let roles end with the same day when the edition, which is locked, changes from one zone to the `other`."""
    for role in roles_at(session, edition_id):
        if not role.has_ended(now):
            role.ends_at = in_another_zone(role.ends_at, zone, other)
    session.flush()


def end_role(
    session: Session, edition_id: int, role_id: int, actor: Actor, now: datetime, *, even_the_last: bool = False
) -> None:
    """End a role at `now`. Raises NoSuchRole and, unless `even_the_last` organiser may go, LastOrganiser."""
    # Of two organisers who end each other's roles at the same moment, one comes first.
    edition = lock_edition(session, edition_id)
    role = _standing(session, edition_id, role_id, now)
    organisers = [r for r in roles_at(session, edition_id) if r.role == RoleName.ORGANISER and not r.has_ended(now)]
    if organisers == [role] and not even_the_last:
        raise LastOrganiser
    _record_change(session, actor, now, "role_ended", edition, role, write(role, {"ends_at": now}))


def _standing(session: Session, edition_id: int, role_id: int, now: datetime) -> Role:
    role = role_at(session, edition_id, role_id)
    if role is None or role.has_ended(now):
        raise NoSuchRole
    return role


def _record_change(
    session: Session, actor: Actor, now: datetime, act: str, edition: Edition, role: Role, changes: Difference
) -> None:
    about, said = audit_name(role.account_id), {"email": role.account.email, "role": role.role}
    record(session, actor, now, act, scope=str(edition.year), about=about, changes=changes, **said)
    session.flush()
