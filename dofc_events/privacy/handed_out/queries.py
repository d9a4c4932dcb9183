"""Everything that is kept about one registration, as its person may read it; nothing about anybody else."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from dofc_events.core.audit import AuditEntry
from dofc_events.delegates.models import Registration, SearchWord
from dofc_events.delegates.service import search_keys
from dofc_events.delegates.spelling.rules import keys_of
from dofc_events.mail.models import Message
from dofc_events.mail.rules import address_key
from dofc_events.places.models import Claim, Pool
from dofc_events.privacy.erasing.queries import former_addresses
from dofc_events.privacy.erasing.rules import without
from dofc_events.privacy.kept.queries import about, table_of
from dofc_events.privacy.kept.rules import OWN, Kept, Whose, rows_of
from dofc_events.privacy.queries import periods_of
from dofc_events.questions.models import EditionQuestion, QuestionOption
from dofc_events.trips.models import Trip

# What entries say of a second person: who took over, or who is told apart from this one.
OF_OTHERS = ("other", "name", "email", "before", "after")
NOTHING: tuple[Any, ...] = (None, "", [], {})
PASSED_ON = ("handed_over", "taken_back")


@dataclass(frozen=True)
class Meaning:
    """What columns are, why they are kept, and until when; None for what stays without a name."""

    columns: tuple[str, ...]
    what: str
    why: str
    until: datetime | None


@dataclass(frozen=True)
class Held:
    """What one table has of somebody. `values` are by the names of columns; `of` says what one is about."""

    kept_in: str
    meanings: Sequence[Meaning]
    values: Sequence[dict[str, Any]]


def data_of(session: Session, registration: Registration) -> list[Held]:
    """Everything about a registration, in the order of the table; what is empty is left out."""
    periods, finished = periods_of(session), registration.edition.finishes_at()
    mine = _mine(session, registration)
    found = []
    shown = [row for row in rows_of(Whose.DELEGATE) if row.is_shown]
    for (table, _by), of_table in groupby(shown, key=lambda row: (row.table, row.by)):
        rows = list(of_table)
        values = _values(session, rows, registration, mine)
        said = {name for one in values for name in one}
        meanings = [
            Meaning(
                row.names,
                row.what,
                row.why,
                periods.ends_at(row.period, finished, registration.edition_id) if row.period and finished else None,
            )
            for row in rows
            if said & set(row.names)
        ]
        if values:
            found.append(Held(table, meanings, values))
    return found


def as_json(session: Session, registration: Registration, now: datetime) -> dict[str, Any]:
    """The file that is handed out."""
    return {
        "edition": registration.edition.year,
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
            for held in data_of(session, registration)
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
    columns = [table.c[name] for one in rows for name in one.names]
    label = _label(row)
    query = select(*columns, *([label.label("of")] if label is not None else [])).where(and_(*which))
    found = [dict(one._mapping) for one in session.execute(query.order_by(*table.primary_key))]
    told = [{name: value for name, value in one.items() if value not in NOTHING} for one in found]
    if row.table == OWN and registration.email_key is None:
        # The address is that of the contact who registered them.
        told = [{name: value for name, value in one.items() if name != "email"} for one in told]
    if row.table == SearchWord.__tablename__ and registration.email_key is None:
        lent = keys_of((registration.email,)) - search_keys(registration, but_address=True)
        told = [one for one in told if one["word"] not in lent]
    if row.table == AuditEntry.__tablename__:
        told = [_of_this_person(one) for one in told]
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
