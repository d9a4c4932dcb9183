"""Sets the periods, erases again who was erased before a restore, and lets what is gone vanish from files."""

import json
import os
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from dofc_events.accounts.models import Account
from dofc_events.conference.service import lock_edition
from dofc_events.core import files
from dofc_events.core.audit import Actor, record
from dofc_events.core.changes import difference, refuse_changed
from dofc_events.core.db import erase_deleted
from dofc_events.core.errors import Refusal, ask_first
from dofc_events.delegates.models import Registration
from dofc_events.delegates.rules import GONE_KEY
from dofc_events.extensions import limiter, settings
from dofc_events.groups.models import Group
from dofc_events.hosting.models import Proposal
from dofc_events.privacy.accounts.service import StillHasRoles, account_subject, erase_account
from dofc_events.privacy.erasing.queries import named_files, still_named
from dofc_events.privacy.erasing.service import erase_contact, erase_registration, refuse_contact
from dofc_events.privacy.models import Erasure, KeptFor
from dofc_events.privacy.proposals.service import erase_proposer
from dofc_events.privacy.queries import ACCOUNT, CONTACT, PROPOSAL, REGISTRATION, Found, erasure_hashes, periods_of
from dofc_events.privacy.retention.service import tasks
from dofc_events.privacy.rules import MAX_DAYS, Period
from dofc_events.web.limits import Counts

# Beside the database, because a backup that is restored knows only who had been erased by then.
LIST = "erased"
# What is shorter may stand in what somebody else has just typed.
SHORTEST = 8


class TooLong(Refusal):
    """An edition keeps nothing longer than the network does."""

    def __init__(self, periods: Sequence[Period]) -> None:
        super().__init__(", ".join(periods))
        self.periods = periods


def set_network_periods(
    session: Session, days: Mapping[Period, int], actor: Actor, now: datetime, *, seen: object = None, agreed: str = ""
) -> None:
    """Keep everything of the network for these numbers of days from now on.

    Raises NotAgreed with what would be due at once: the edition's year (0 for none), its period, and how many rows.
    """
    before, due = periods_of(session).network, _due(session, now)
    refuse_changed(seen, before)
    _set(session, None, days)
    ask_first(agreed, _newly_due(session, due, now))
    if changes := difference(_named(before), _named(days)):
        record(session, actor, now, "periods_changed", about="privacy", changes=changes)


def shorten_periods(
    session: Session,
    edition_id: int,
    days: Mapping[Period, int],
    actor: Actor,
    now: datetime,
    *,
    seen: object = None,
    agreed: str = "",
) -> None:
    """Keep everything of one edition for so many days, none of them more than the network.

    Raises TooLong, and NotAgreed as `set_network_periods` does.
    """
    edition = lock_edition(session, edition_id)
    periods, due = periods_of(session), _due(session, now)
    before = {period: periods.days(period, edition_id) for period in Period}
    refuse_changed(seen, before)
    if too_long := [period for period, number in days.items() if number > periods.network[period]]:
        raise TooLong(too_long)
    # What is as long as the network's follows it.
    _set(session, edition_id, {p: n for p, n in days.items() if n < periods.network[p]})
    ask_first(agreed, _newly_due(session, due, now))
    if changes := difference(_named(before), _named(days)):
        record(session, actor, now, "periods_shortened", scope=str(edition.year), changes=changes)


def _named(days: Mapping[Period, int]) -> dict[str, int]:
    return {period.value: number for period, number in days.items()}


def erase(session: Session, one: Found, actor: Actor, now: datetime, *, because: str = "") -> list[str]:
    """Erase somebody. Raises StillHasRoles and StillContact. Returns what to look for in files once that is committed.

    Of several people each takes a unit of work: together they would take locks in another order than everybody else.
    """
    acts = {
        PROPOSAL: erase_proposer,
        REGISTRATION: erase_registration,
        CONTACT: erase_contact,
        ACCOUNT: erase_account,
    }
    return acts[one.kind](session, one.id, actor, now, because=because)


def refuse_erasing(session: Session, found: Sequence[Found], now: datetime) -> None:
    """Refuse all before anybody is asked or erased. Raises StillHasRoles and StillContact."""
    if any(one.kind == ACCOUNT and session.get_one(Account, one.id).grants(now) for one in found):
        raise StillHasRoles
    refuse_contacts(session, found, now)


def refuse_contacts(session: Session, found: Sequence[Found], now: datetime) -> None:
    """Refuse all before anybody is erased. Raises StillContact."""
    for one in found:
        if one.kind == REGISTRATION:
            refuse_contact(session, session.get_one(Registration, one.id), now)
        if one.kind == CONTACT:
            refuse_contact(session, session.get_one(Group, one.id), now)


def _due(session: Session, now: datetime) -> dict[tuple[int, Period], int]:
    """How many rows are due now, by year and period."""
    numbers: Counter[tuple[int, Period]] = Counter()
    for task in tasks(session):
        if task.is_due(now):
            numbers[task.year, task.period] += task.count(session)
    return numbers


def _newly_due(session: Session, before: Mapping[tuple[int, Period], int], now: datetime) -> list[tuple[int, str, int]]:
    after = _due(session, now)
    return [(*key, number - before.get(key, 0)) for key, number in sorted(after.items()) if number > before.get(key, 0)]


def _set(session: Session, edition_id: int | None, days: Mapping[Period, int]) -> None:
    if any(not 0 < number <= MAX_DAYS for number in days.values()):
        raise ValueError(days)
    session.execute(
        delete(KeptFor).where(KeptFor.edition_id.is_(None) if edition_id is None else KeptFor.edition_id == edition_id)
    )
    session.add_all(KeptFor(edition_id=edition_id, period=period, days=number) for period, number in days.items())
    session.flush()


def vanish(session: Session, values: Collection[str]) -> None:
    """After a person was erased and that is committed: nothing of `values` stays in files, and the list knows of it."""
    named = named_files(session)
    keep_list(session)
    session.close()
    for value in values:
        if "@" in value and settings().rate_limits and isinstance(limiter.storage, Counts):
            limiter.storage.forget(value)
    telling = [value for value in values if len(value) >= SHORTEST]
    found = [form.encode() for value in telling for form in {value, json.dumps(value)[1:-1]}]
    home = files.home_of(settings().shared)
    for own in set(values) - named:
        if files.is_hash(own):
            home.remove(own)
    home.remove_with(named, found)
    erase_deleted()


def keep_list(session: Session) -> set[str]:
    """Write down beside the database who was erased; returns who was according to that, and is not in the database."""
    path = settings().disk / LIST
    written = set(path.read_text(encoding="ascii").split()) if path.exists() else set()
    known = set(session.scalars(select(Erasure.hash)))
    if new := known - written:
        with files.for_us_alone(), path.open("a", encoding="ascii") as added:
            added.write("".join(f"{one}\n" for one in sorted(new)))
            added.flush()
            os.fsync(added.fileno())
    return written - known


def erased_before(session: Session, missing: Collection[str]) -> list[Found]:
    """People who were erased, and are back because an old backup was restored."""
    wanted, found = set(missing), list[Found]()
    if not wanted:
        return found
    for kind, subject, one in _everybody(session):
        if wanted & erasure_hashes(kind, subject):
            found.append(one)
    return sorted(found)


def remember_erased(session: Session, missing: Collection[str], now: datetime) -> None:
    """Note in the database who is on the list beside it, apart from those who are still to be erased."""
    wanted = set(missing)
    for kind, subject, _one in _everybody(session):
        wanted -= erasure_hashes(kind, subject)
    for one in wanted:
        session.merge(Erasure(hash=one, erased_at=now))


def _everybody(session: Session) -> Iterator[tuple[str, str, Found]]:
    """All who are named here, with what they go by in the list."""
    for id_, reference in session.execute(select(Registration.id, Registration.reference).where(still_named())).all():
        yield "registration", reference, Found(REGISTRATION, id_, "", "")
    named = Proposal.email_key.not_like(f"{GONE_KEY}%")
    for id_, reference in session.execute(select(Proposal.id, Proposal.reference).where(named)).all():
        yield "proposal", reference, Found(PROPOSAL, id_, "", "")
    for account in session.scalars(select(Account).where(Account.email_key.not_like(f"{GONE_KEY}%"))).all():
        yield "account", account_subject(account), Found(ACCOUNT, account.id, "", "")
