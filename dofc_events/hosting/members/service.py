"""The members of the network, and the accounts that represent them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from dofc_events.accounts import sessions
from dofc_events.accounts.mails import INVITATION
from dofc_events.accounts.models import Account, Role
from dofc_events.accounts.queries import account_by_email, name_of
from dofc_events.accounts.rules import MEMBER_ROLES, Grant, RoleName, audit_name
from dofc_events.accounts.service import add_account
from dofc_events.conference.members import service as network
from dofc_events.conference.models import Member, Organisation
from dofc_events.conference.queries import member_by_slug
from dofc_events.core.audit import Actor, record
from dofc_events.core.changes import refuse_changed, write
from dofc_events.core.errors import Refusal
from dofc_events.hosting import mails
from dofc_events.hosting.ballots.queries import open_voters
from dofc_events.hosting.models import Voter
from dofc_events.hosting.queries import representatives_of
from dofc_events.mail.envelope import Envelope
from dofc_events.mail.outbox import enqueue, refuse_flood


class MemberExists(Refusal):
    """The slug already belongs to a member, active or not."""


class NameTaken(Refusal):
    """Another member already has this name. Each organisation is one member, with one vote."""


class NotARoleOfMembers(Refusal):
    """Only representatives and reviewers belong to a member."""


@dataclass(frozen=True, kw_only=True)
class MemberDetails:
    """What the network knows of a member. Only an active one can vote and propose."""

    name: str
    country: str | None
    website: str = ""
    contact_name: str = ""
    contact_email: str = ""
    is_active: bool = True


def details_of(member: Member) -> MemberDetails:
    """The current details."""
    return MemberDetails(
        name=member.organisation.name,
        country=member.organisation.country,
        website=member.website,
        contact_name=member.contact_name,
        contact_email=member.contact_email,
        is_active=member.is_active,
    )


def add_member(session: Session, slug: str, details: MemberDetails, actor: Actor, now: datetime) -> Member:
    """Make an organisation a member; one that the archive knows by this slug keeps its history.

    Raises MemberExists, NameTaken.
    """
    if member_by_slug(session, slug) is not None:
        raise MemberExists(slug)
    _refuse_taken(session, details.name, None)
    member = network.add_member(session, slug, details.name, details.country, actor, now)
    change_member(session, member.organisation_id, details, actor, now)
    return member


def change_member(
    session: Session,
    organisation_id: int,
    details: MemberDetails,
    actor: Actor,
    now: datetime,
    *,
    seen: MemberDetails | None = None,
) -> bool:
    """Make a member's details, which were `seen`, what `details` says, and say whether any of them was different.

    Made inactive while members vote, it is struck off the roll until it is active again, and its people are told.
    Raises NameTaken.
    """
    # Before the member's own row: whoever votes for it has locked this.
    voters = open_voters(session, organisation_id)
    _refuse_taken(session, details.name, organisation_id)
    member = session.scalars(
        select(Member)
        .where(Member.organisation_id == organisation_id)
        .with_for_update(of=Member)
        .execution_options(populate_existing=True)
    ).one()
    refuse_changed(seen, details_of(member))
    values = dict(vars(details))
    of_organisation = {name: values.pop(name) for name in ("name", "country")}
    changes = write(member.organisation, of_organisation) | write(member, values)
    if changes:
        record(session, actor, now, "member_changed", organisation=member.organisation.slug, changes=changes)
    for voter in voters if "is_active" in changes else ():
        voter.struck_at = None if member.is_active else now
        _tell(session, voter, mails.member_struck, now)
    session.flush()
    return bool(changes)


def add_representative(
    session: Session, organisation_id: int, email: str, name: str, role: RoleName, actor: Actor, now: datetime
) -> Account:
    """Let an account speak for a member: vote for it (`member`), or review (`board`), and write to it that it does.

    An account that there is keeps its name; who speaks for the member already is not written to again. While members
    vote, the others who vote for it are told. Raises
    NotARoleOfMembers, and TooManyMessages when the address was written to too often.
    """
    if role not in MEMBER_ROLES:
        raise NotARoleOfMembers(role)
    voters = open_voters(session, organisation_id) if role == RoleName.MEMBER else []
    member = session.get_one(Member, organisation_id, with_for_update={"of": Member})
    grant, known = Grant(role, organisation_id=organisation_id), account_by_email(session, email)
    if known and grant in known.grants(now):
        return known
    refuse_flood(session, email, now, kind=INVITATION)
    account = add_account(session, email, name, grant, actor, now)
    invitation = mails.invitation(account, member.organisation, role, invited_by=name_of(session, actor))
    enqueue(session, invitation, now, asked_for=True)
    _tell_of_change(session, voters, account, actor, now, added=True)
    return account


def remove_representative(
    session: Session, organisation_id: int, account_id: int, role: RoleName, actor: Actor, now: datetime
) -> bool:
    """End what `add_representative` began; False if there is nothing to end. Votes and reviews are kept."""
    voters = open_voters(session, organisation_id) if role == RoleName.MEMBER else []
    found = session.scalar(
        select(Role).where(Role.organisation_id == organisation_id, Role.account_id == account_id, Role.role == role)
    )
    if found is None:
        return False
    session.delete(found)
    record(
        session,
        actor,
        now,
        "role_removed",
        about=audit_name(account_id),
        role=role,
        edition_id=None,
        organisation_id=organisation_id,
    )
    session.flush()
    # Nothing is left of the role that would say that sessions from before have ended.
    sessions.end(session, account_id, actor, now)
    _tell_of_change(session, voters, session.get_one(Account, account_id), actor, now, added=False)
    return True


def _refuse_taken(session: Session, name: str, organisation_id: int | None) -> None:
    taken = select(Organisation).join(Member, Member.organisation_id == Organisation.id)
    for other in session.scalars(taken.where(Organisation.id != (organisation_id or 0))):
        if _plain(other.name) == _plain(name):
            raise NameTaken(other.slug)


def _plain(name: str) -> str:
    return " ".join(name.casefold().split())


def _tell_of_change(
    session: Session, voters: Sequence[Voter], changed: Account, actor: Actor, now: datetime, *, added: bool
) -> None:
    """Put on record and tell all who vote for a member that one of them was added, or removed, while members vote."""
    by = name_of(session, actor)
    is_chair = any(grant.role is RoleName.CHAIR for grant in changed.grants(now))
    for voter in voters:
        voter.representatives_changed_at = now

        def message(voter: Voter, account: Account) -> Envelope:
            return mails.representative_changed(voter, account, changed, by=by, added=added, is_chair=is_chair)

        _tell(session, voter, message, now, without=changed.id if added else None)


def _tell(
    session: Session,
    voter: Voter,
    message: Callable[[Voter, Account], Envelope],
    now: datetime,
    *,
    without: int | None = None,
) -> None:
    for account in representatives_of(session, voter.organisation_id, now):
        if account.id != without:
            enqueue(session, message(voter, account), now)
