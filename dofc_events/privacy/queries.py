"""How long things are kept here, what has been removed, and who is to stay erased."""

import base64
import hashlib
import hmac
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from dofc_events.accounts.models import Account
from dofc_events.accounts.rules import audit_name
from dofc_events.core.references import read_token, sign
from dofc_events.delegates.models import Registration
from dofc_events.extensions import settings
from dofc_events.groups.models import Group
from dofc_events.hosting.models import Proposal
from dofc_events.hosting.rules import scope_of
from dofc_events.mail.rules import address_key
from dofc_events.privacy.models import KeptFor, Removal
from dofc_events.privacy.rules import DEFAULT_DAYS, Period, Periods

# Each form says how long things are kept: the statement is built once.
_PERIODS = select(KeptFor.edition_id, KeptFor.period, KeptFor.days)

LINKS_LAST = timedelta(days=1)
ALL_DATA, ERASE = "my-data", "erase"


def periods_of(session: Session) -> Periods:
    """The periods of the network and of all editions, in one query."""
    network, shorter = dict(DEFAULT_DAYS), dict[int, dict[Period, int]]()
    for edition_id, period, days in session.execute(_PERIODS):
        mine = network if edition_id is None else shorter.setdefault(edition_id, {})
        mine[Period(period)] = days
    return Periods(network, shorter)


def removals(session: Session, limit: int, year: int | None = None) -> Sequence[Removal]:
    """What was removed last, of one edition or of all."""
    query = select(Removal).order_by(Removal.on.desc(), Removal.id.desc()).limit(limit)
    return session.scalars(query if year is None else query.where(Removal.year == year)).all()


def erasure_hash(kind: str, subject: str, key: str = "") -> str:
    """An entry in the list of erased people: it identifies nobody without the site's secret key, which is not in it."""
    secret = key or settings().keys[-1]
    return hmac.new(secret.encode(), f"dofc.erased.{kind}.{subject}".encode(), hashlib.sha256).hexdigest()


def erasure_hashes(kind: str, subject: str) -> set[str]:
    """The entries made with each key that the site has had, as `erasure_hash` makes one."""
    return {erasure_hash(kind, subject, key) for key in settings().keys}


def token_of_address(email_key: str, now: datetime) -> str:
    """The token of a link to all that is kept about an address, which ends after LINKS_LAST."""
    subject = base64.urlsafe_b64encode(email_key.encode()).decode()
    return sign(settings().keys, ALL_DATA, subject, int((now + LINKS_LAST).timestamp()))


def address_of(token: str, now: datetime) -> str | None:
    """The key of the address that this token was made for; None for a wrong or ended one."""
    signed = read_token(settings().keys, ALL_DATA, token)
    if signed is None or signed[1] <= now.timestamp():
        return None
    return base64.urlsafe_b64decode(signed[0]).decode()


def token_to_erase(registration: Registration, now: datetime) -> str:
    """The token of the link that erases a registration: only the email to its address has it, for LINKS_LAST."""
    subject = f"{registration.reference}.{registration.link_version}"
    return sign(settings().keys, ERASE, subject, int((now + LINKS_LAST).timestamp()))


def registration_to_erase(session: Session, token: str, now: datetime) -> Registration | None:
    """The registration that this token was made for; None for a wrong or ended one."""
    signed = read_token(settings().keys, ERASE, token)
    if signed is None or signed[1] <= now.timestamp():
        return None
    reference, _, version = signed[0].rpartition(".")
    mine = Registration.reference == reference, Registration.link_version == int(version)
    return session.scalar(select(Registration).where(*mine))


def registrations_of_address(session: Session, email_key: str) -> Sequence[Registration]:
    """Every registration of an address, at whichever edition, the newest first."""
    query = select(Registration).where(Registration.email_key == email_key)
    return session.scalars(query.order_by(Registration.edition_id.desc(), Registration.id.desc())).all()


def proposals_of_address(session: Session, email_key: str) -> Sequence[Proposal]:
    """Every proposal to host that was made with an address, the newest first."""
    return session.scalars(select(Proposal).where(Proposal.email_key == email_key).order_by(Proposal.id.desc())).all()


def groups_of_address(session: Session, email_key: str) -> Sequence[Group]:
    """Every group whose contact has an address, the newest first."""
    return session.scalars(select(Group).where(Group.email_key == email_key).order_by(Group.id.desc())).all()


def account_of_address(session: Session, email_key: str) -> Account | None:
    """The account of an address."""
    return session.scalar(select(Account).where(Account.email_key == email_key))


@dataclass(frozen=True, order=True)
class Found:
    """Somebody who can be erased: a `kind` (one of KINDS), its row, and what that belongs to.

    In this order they are erased: it is that of locks.
    """

    kind: str
    id: int
    where: str
    name: str


KINDS = PROPOSAL, REGISTRATION, CONTACT, ACCOUNT = ("1 proposal", "2 registration", "3 contact", "4 account")


def people_called(session: Session, text: str) -> list[Found]:
    """What a reference names, or an account's name in the trail; or everything of an address."""
    text = text.strip()
    return sorted(_of_address(session, address_key(text)) if "@" in text else _of_reference(session, text))


def _of_address(session: Session, key: str) -> Iterator[Found]:
    yield from map(_registration, registrations_of_address(session, key))
    yield from map(_proposal, proposals_of_address(session, key))
    yield from map(_contact, groups_of_address(session, key))
    yield from map(_account, session.scalars(select(Account).where(Account.email_key == key)))


def _of_reference(session: Session, text: str) -> Iterator[Found]:
    reference = text.upper()
    yield from map(_registration, session.scalars(select(Registration).where(Registration.reference == reference)))
    yield from map(_proposal, session.scalars(select(Proposal).where(Proposal.reference == reference)))
    prefix, _, number = text.rpartition("-")
    if number.isdecimal() and f"{prefix}-{number}" == audit_name(int(number[:9])):
        yield from map(_account, session.scalars(select(Account).where(Account.id == int(number))))


def _registration(one: Registration) -> Found:
    return Found(REGISTRATION, one.id, str(one.edition.year), one.full_name)


def _proposal(one: Proposal) -> Found:
    return Found(PROPOSAL, one.id, scope_of(one.call.year), one.contact_name)


def _contact(one: Group) -> Found:
    return Found(CONTACT, one.id, str(one.edition.year), one.contact_name)


def _account(one: Account) -> Found:
    return Found(ACCOUNT, one.id, "", one.name)
