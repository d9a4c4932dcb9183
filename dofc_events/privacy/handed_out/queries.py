"""Everything that is kept about somebody, as they may read it; nothing about anybody else."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from dofc_events.accounts.models import Account
from dofc_events.core.audit import AuditEntry
from dofc_events.delegates.models import Registration, SearchWord
from dofc_events.delegates.service import search_keys
from dofc_events.delegates.spelling.rules import keys_of
from dofc_events.groups.models import Group
from dofc_events.hosting.models import Proposal
from dofc_events.mail.models import Message
from dofc_events.mail.rules import address_key
from dofc_events.places.models import Claim, Pool
from dofc_events.privacy.erasing.queries import former_addresses
from dofc_events.privacy.erasing.rules import without
from dofc_events.privacy.kept.queries import about, table_of
from dofc_events.privacy.kept.rules import COUNTED_FROM, OWN, Kept, Whose, rows_of
from dofc_events.privacy.queries import periods_of
from dofc_events.questions.models import EditionQuestion, QuestionOption
from dofc_events.trips.models import Trip

# What opens an account, or says how somebody votes, is in no file.
SECRETS = frozenset({"secret_hash", "challenge", "nonce", "secret", "credential", "public_key", "code_hash", "ranking"})
# What entries say of a second person: who took over, or who is told apart from this one.
OF_OTHERS = ("other", "name", "email", "before", "after")
NOTHING: tuple[Any, ...] = (None, "", [], {})
PASSED_ON = ("handed_over", "taken_back")


@dataclass(frozen=True)
class Meaning:
    """What columns are, why they are kept, and until when, if that is known: so many `days` after something.

    Without `days` it stays without a name.
    """

    columns: tuple[str, ...]
    what: str
    why: str
    until: datetime | None
    days: int | None
    counted_from: str


@dataclass(frozen=True)
class Held:
    """What one table has of somebody. `values` are by the names of columns; `of` says what one is about."""

    kept_in: str
    meanings: Sequence[Meaning]
    values: Sequence[dict[str, Any]]


def data_of(session: Session, registration: Registration) -> list[Held]:
    """Everything about a registration, in the order of the table; what is empty is left out."""
    mine = _mine(session, registration)
    edition = registration.edition
    return _held(
        session,
        rows_of(Whose.DELEGATE),
        lambda rows: _values(session, rows, registration, mine),
        edition.finishes_at(),
        edition.id,
    )


def data_of_proposal(session: Session, proposal: Proposal) -> list[Held]:
    """Everything about a proposal and who made it, with the emails to them."""
    emails = [row for row in rows_of(Whose.DELEGATE) if row.table == Message.__tablename__]
    to_them = Message.about == proposal.reference, Message.recipient_key == proposal.email_key

    def values(rows: Sequence[Kept]) -> list[dict[str, Any]]:
        is_email = rows[0].table == Message.__tablename__
        return _said(session, rows, to_them if is_email else [about(rows[0], [proposal.id])])

    decision = proposal.call.decision
    decided_at = (decision and decision.announced_at) or proposal.call.ballot_closes_at
    return _held(session, [*rows_of(Whose.PROPOSER), *emails], values, decided_at)


def data_of_account(session: Session, account: Account) -> list[Held]:
    """Everything about an account, without what proves that somebody is its holder."""
    return _held(session, rows_of(Whose.ACCOUNT), lambda rows: _said(session, rows, [about(rows[0], [account.id])]))


def data_of_contact(session: Session, group: Group) -> list[Held]:
    """What is kept about the contact of a group."""
    rows = [row for row in rows_of(Whose.EDITION) if row.table == Group.__tablename__]
    finished = group.edition.finishes_at()
    return _held(session, rows, lambda own: _said(session, own, [Group.id == group.id]), finished, group.edition_id)


def _held(
    session: Session,
    kept: Iterable[Kept],
    values_of: Callable[[Sequence[Kept]], list[dict[str, Any]]],
    counted_from: datetime | None = None,
    edition_id: int | None = None,
) -> list[Held]:
    """What each table has, by rows of the table of what is kept; `counted_from` is when their periods begin."""
    periods, found = periods_of(session), []
    shown = [row for row in kept if row.is_shown]
    for (table, _by), of_table in groupby(shown, key=lambda row: (row.table, row.by)):
        rows = list(of_table)
        values = values_of(rows)
        said = {name for one in values for name in one}
        meanings = []
        for row in rows:
            if said & set(row.names):
                days = periods.days(row.period, edition_id) if row.period else None
                until = counted_from + timedelta(days=days) if counted_from and days else None
                meanings.append(Meaning(row.names, row.what, row.why, until, days, COUNTED_FROM[row.whose]))
        if values:
            found.append(Held(table, meanings, values))
    return found


def as_json(kept: Sequence[Held], now: datetime, **of: Any) -> dict[str, Any]:
    """The file that is handed out; `of` says whose, or what, it is about."""
    return {
        **of,
        "as_of": now.isoformat(),
        "kept": [
            {
                "kept_in": held.kept_in,
                "meaning": [
                    {"columns": one.columns, "what": one.what, "why": one.why, "until": plain(one.until)}
                    for one in held.meanings
                ],
                "values": [{name: plain(value) for name, value in one.items()} for one in held.values],
            }
            for held in kept
        ],
    }


@dataclass(frozen=True)
class _Mine:
    """Since when a registration is this person's, by the first entry of the trail too, and the addresses they had."""

    since: datetime
    entry: int
    keys: frozenset[str]


def _mine(session: Session, registration: Registration) -> _Mine:
    passed_on = select(AuditEntry.at, AuditEntry.id).where(AuditEntry.about == registration.reference)
    last = session.execute(
        passed_on.where(AuditEntry.act.in_(PASSED_ON)).order_by(AuditEntry.id.desc()).limit(1)
    ).first()
    if last is not None:
        return _Mine(last.at, last.id, frozenset({registration.mailed_key}))
    former = {address_key(email) for email in former_addresses(session, registration.reference)}
    return _Mine(registration.registered_at, 0, frozenset({registration.mailed_key, *former}))


def _values(session: Session, rows: Sequence[Kept], registration: Registration, mine: _Mine) -> list[dict[str, Any]]:
    row = rows[0]
    table, which = table_of(row), [about(row, [registration.id])]
    if row.table == Message.__tablename__:
        which += [table.c.recipient_key.in_(mine.keys), table.c.queued_at >= mine.since]
    elif row.table == AuditEntry.__tablename__:
        which.append(table.c.id >= mine.entry)
    told = _said(session, rows, which)
    if row.table == OWN and registration.email_key is None:
        # The address is that of the contact who registered them.
        told = [{name: value for name, value in one.items() if name != "email"} for one in told]
    if row.table == SearchWord.__tablename__ and registration.email_key is None:
        lent = keys_of((registration.email,)) - search_keys(registration, but_address=True)
        told = [one for one in told if one["word"] not in lent]
    if row.table == AuditEntry.__tablename__:
        told = [_of_this_person(one) for one in told]
    return [one for one in told if one]


def _said(session: Session, rows: Sequence[Kept], which: Iterable[Any]) -> list[dict[str, Any]]:
    """What stands in the columns of one table, of those of its rows for which `which` holds."""
    table, label = table_of(rows[0]), _label(rows[0])
    columns = [table.c[name] for one in rows for name in one.names if name not in SECRETS]
    if not columns:
        return []
    query = select(*columns, *([label.label("of")] if label is not None else [])).where(and_(*which))
    found = [dict(one._mapping) for one in session.execute(query.order_by(*table.primary_key))]
    told = [{name: value for name, value in one.items() if value not in NOTHING} for one in found]
    return [one for one in told if one]


def _of_this_person(entry: dict[str, Any]) -> dict[str, Any]:
    """An entry of the trail without other people: neither colleagues nor the name of the organiser who acted."""
    said = entry | {"actor": entry["actor"].partition(":")[0]}
    if entry["act"] in PASSED_ON:
        # What it says beside that is about the other one.
        said.pop("details", None)
    elif "details" in said:
        said["details"] = without(said["details"], OF_OTHERS)
    return said


def _label(row: Kept) -> ColumnElement[Any] | None:
    """What a value is about, where a person has several of them."""
    table = table_of(row)
    if row.table == Claim.__tablename__:
        trip = select(Trip.title).join(Pool, Pool.trip_id == Trip.id).where(Pool.id == table.c.pool_id)
        option = select(QuestionOption.caption).join(Pool, Pool.option_id == QuestionOption.id)
        return _first(trip, option.where(Pool.id == table.c.pool_id))
    if row.table == "answers":
        return select(EditionQuestion.caption).where(EditionQuestion.id == table.c.question_id).scalar_subquery()
    if row.table == "drawn_delegates":
        return select(Trip.title).where(Trip.id == table.c.trip_id).scalar_subquery()
    return None


def _first(*queries: Any) -> ColumnElement[Any]:
    return func.coalesce(*(query.scalar_subquery() for query in queries))


def plain(value: Any) -> Any:
    """A value as JSON can hold it."""
    return value.isoformat() if isinstance(value, date) else value
