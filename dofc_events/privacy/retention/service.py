"""The run: whatever has been kept long enough goes, a batch at a time, each in the caller's unit of work.

A `Task` says of one table and one edition when something is due and what is left to do. What was done is seen from the
rows themselves, so that a run can be stopped anywhere, and goes on where it stopped.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, and_, cast, delete, func, not_, or_, select, tuple_, update
from sqlalchemy.orm import Session

from dofc_events.accounts.models import Account, BrowserSession, SignInLink
from dofc_events.accounts.rules import SESSION_LASTS
from dofc_events.conference.models import Edition
from dofc_events.core.audit import AuditEntry
from dofc_events.core.clock import from_zone
from dofc_events.core.db import Base
from dofc_events.delegates.models import ConsentText, Registration
from dofc_events.delegates.rules import GONE_KEY
from dofc_events.hosting.models import HostingCall, Proposal
from dofc_events.hosting.rules import scope_of
from dofc_events.letters.models import Letter
from dofc_events.mail.models import Message
from dofc_events.mail.rules import MessageState
from dofc_events.privacy.accounts.service import NOBODY, forget_accounts
from dofc_events.privacy.erasing.queries import still_named
from dofc_events.privacy.erasing.rules import (
    NAMELESS,
    NAMING,
    SEARCHES,
    lacking,
    search_without,
    without,
    without_names,
)
from dofc_events.privacy.erasing.service import TEXTLESS, end_row, forget_delegates
from dofc_events.privacy.kept.queries import about, says_something, table_of, these
from dofc_events.privacy.kept.rules import OWN, Ends, Kept, Whose, rows_of
from dofc_events.privacy.models import Removal
from dofc_events.privacy.proposals.service import forget_proposers
from dofc_events.privacy.queries import periods_of
from dofc_events.privacy.retention.queries import entries_with, entries_with_names
from dofc_events.privacy.rules import GONE, Period, Periods
from dofc_events.registration.saved.models import SavedView

# So many rows in one short transaction; to take the names off one person takes as long as a few rows.
ROWS, PEOPLE = 500, 100
A_DAY = timedelta(days=1)
ON_ITS_WAY = (MessageState.QUEUED, MessageState.SENDING)

Keys = Sequence[tuple[Any, ...]]


@dataclass(frozen=True)
class Task:
    """What is due of one table, for one edition (or call; `year` 0: of neither).

    `meant` selects the keys of what is still to be done; `act` does it for some of them.
    """

    year: int
    period: Period
    kept_in: str
    due_at: datetime
    meant: Select[Any]
    act: Callable[[Session, Keys, datetime], object]
    size: int = ROWS

    def is_due(self, at: datetime) -> bool:
        return self.due_at <= at

    def after(self, done: Keys) -> Select[Any]:
        """What is behind the last of these keys; without any, all of it."""
        columns = list(self.meant.selected_columns)
        return self.meant.where(tuple_(*columns) > tuple_(*done[-1])) if done else self.meant

    def is_left(self, session: Session) -> bool:
        """Whether there is anything to do."""
        return session.execute(self.meant.limit(1)).first() is not None

    def count(self, session: Session) -> int:
        """How many rows still have something to be removed."""
        return session.scalar(select(func.count()).select_from(self.meant.order_by(None).subquery())) or 0


def do_some(session: Session, task: Task, at: datetime, done: Keys = ()) -> Keys:
    """The batch of what is due that follows `done`, the one before, on record; returns its keys: none, nothing is left.

    It is looked for behind `done`, so that a batch takes no longer after a thousand others.
    """
    if not task.is_due(at):
        return ()
    keys: Keys = [tuple(row) for row in session.execute(task.after(done).limit(task.size))]
    if keys:
        task.act(session, keys, at)
        _note(session, task, len(keys), at)
        session.flush()
    return keys


def tasks(session: Session) -> list[Task]:
    """Everything that is kept for a time, of whatever edition, the soonest due first."""
    periods = periods_of(session)
    found = [*_of_editions(session, periods), *_of_calls(session, periods), *_of_others(session, periods)]
    return sorted(found, key=lambda task: (task.due_at, task.year, task.period, task.kept_in))


def _note(session: Session, task: Task, number: int, at: datetime) -> None:
    on = at.date()
    mine = (Removal.year == task.year, Removal.period == task.period, Removal.kept_in == task.kept_in, Removal.on == on)
    # Two workers may come to it at the same moment.
    known = session.scalar(select(Removal).where(*mine).with_for_update())
    if known is None:
        known = Removal(year=task.year, period=task.period, kept_in=task.kept_in, on=on, number=0)
        session.add(known)
    known.number += number


def _of_editions(session: Session, periods: Periods) -> Iterator[Task]:
    registered = select(Registration.edition_id).distinct()
    for edition in session.scalars(select(Edition).where(Edition.id.in_(registered)).order_by(Edition.year)):
        # What is not known to have ended has by the end of its year.
        finished = edition.finishes_at() or from_zone(date(edition.year + 1, 1, 1), time(0), edition.zone)
        due = {period: periods.ends_at(period, finished, edition.id) for period in Period}
        yield from _of_one(edition, due)


def _of_one(edition: Edition, due: dict[Period, datetime]) -> Iterator[Task]:
    people, scope = select(Registration.id).where(Registration.edition_id == edition.id), str(edition.year)

    def task(period: Period, kept_in: str, meant: Any, act: Any, size: int = ROWS) -> Task:
        return Task(edition.year, period, kept_in, due[period], meant, act, size)

    for row in rows_of(Whose.DELEGATE):
        if row.period and row.period not in (Period.NAMES, Period.EMAILS) and row.ends in (Ends.BLANKED, Ends.DELETED):
            yield task(row.period, row.table, _keys(row, people), _end(row))
    for period in (Period.NEEDS, Period.PHONE, Period.VISA):
        fields = [name for r in rows_of(Whose.DELEGATE) if r.table == OWN and r.period is period for name in r.names]
        entries = select(AuditEntry.id).where(*entries_with(scope, fields)).order_by(AuditEntry.id)
        yield task(period, AuditEntry.__tablename__, entries, _take_out_of_trail(fields))
    mails = Message.scope == scope
    yield task(Period.EMAILS, Message.__tablename__, _with_text(mails), _remove_texts)
    named = people.where(still_named()).order_by(Registration.id)
    yield task(Period.NAMES, OWN, named, _people(edition.id), PEOPLE)
    for row in rows_of(Whose.EDITION):
        if row.period and row.table not in (SavedView.__tablename__, "editions") and row.ends is not Ends.NAMELESS:
            yield task(row.period, row.table, _keys(row, [edition.id]), _end(row))
    yield task(Period.NAMES, SavedView.__tablename__, _searching(edition.id), _stop_searching)
    yield task(Period.NAMES, Letter.__tablename__, _picking(edition.id), _forget_searched)
    yield task(Period.NAMES, Message.__tablename__, _with_names(mails), _take_names_off)
    yield task(Period.NAMES, AuditEntry.__tablename__, _naming(AuditEntry.scope == scope), _take_names_out_of_trail)
    contact = select(Edition.id).where(Edition.id == edition.id, Edition.contact_email.is_not(None))
    yield task(Period.NAMES, Edition.__tablename__, contact, _forget_contact)


def _of_calls(session: Session, periods: Periods) -> Iterator[Task]:
    """Proposals: counted from when the decision was announced, else from the end of the ballot."""
    for call in session.scalars(select(HostingCall).order_by(HostingCall.year)):
        decided_at = call.decision.announced_at if call.decision else None
        due_at = periods.ends_at(Period.NAMES, decided_at or call.ballot_closes_at)
        named = select(Proposal.id).where(Proposal.call_id == call.id, Proposal.email_key.not_like(f"{GONE_KEY}%"))
        yield Task(
            call.year, Period.NAMES, Proposal.__tablename__, due_at, named.order_by(Proposal.id), _proposers, PEOPLE
        )
        # Members and reviewers, who were written to about all proposals, are named in it too.
        scope = scope_of(call.year)
        mails = _with_names(Message.scope == scope)
        yield Task(call.year, Period.NAMES, Message.__tablename__, due_at, mails, _take_names_off)
        entries = _naming(AuditEntry.scope == scope)
        yield Task(call.year, Period.NAMES, AuditEntry.__tablename__, due_at, entries, _take_names_out_of_trail)


def _of_others(session: Session, periods: Periods) -> Iterator[Task]:
    """What belongs to no edition and no call: accounts without a role, and what has a time of its own."""
    ends = {edition.id: edition.finishes_at() for edition in session.scalars(select(Edition))}
    named = Account.email_key.not_like(f"{GONE_KEY}%")
    for account in session.scalars(select(Account).where(named).order_by(Account.id)):
        left_at = _left_at(account, ends)
        if left_at is not None:
            due_at = periods.ends_at(Period.NAMES, left_at)
            mine = select(Account.id).where(Account.id == account.id, named)
            yield Task(0, Period.NAMES, Account.__tablename__, due_at, mine, _accounts)


def old_ones(session: Session, at: datetime) -> list[Task]:
    """What is of no edition and has a time of its own, as far as it is due at `at`."""
    periods = periods_of(session)
    before = {period: at - timedelta(days=periods.days(period)) for period in Period}
    apart = and_(not_(Message.scope.like("2%")), not_(Message.scope.like("hosting-%")))
    texts = _with_text(and_(apart, Message.queued_at <= before[Period.EMAILS]))
    names = _with_names(and_(apart, Message.queued_at <= before[Period.NAMES]))
    trail = _naming(and_(AuditEntry.scope == "", AuditEntry.at <= before[Period.NAMES]))
    links = select(SignInLink.secret_hash).where(SignInLink.expires_at <= at - A_DAY)
    browsers = select(BrowserSession.id).where(BrowserSession.began_at <= at - SESSION_LASTS - A_DAY)
    return [
        Task(0, Period.EMAILS, Message.__tablename__, at, texts, _remove_texts),
        Task(0, Period.NAMES, Message.__tablename__, at, names, _take_names_off),
        Task(0, Period.NAMES, AuditEntry.__tablename__, at, trail, _take_names_out_of_trail),
        Task(0, Period.NAMES, SignInLink.__tablename__, at, links, _delete(SignInLink)),
        Task(0, Period.NAMES, BrowserSession.__tablename__, at, browsers, _delete(BrowserSession)),
    ]


def _left_at(account: Account, ends: dict[int, datetime | None]) -> datetime | None:
    """When an account lost its last role; one at an edition ends with it. None while it has one that does not end."""
    left = [account.created_at]
    for role in account.roles:
        ends_at = role.ends_at or (ends.get(role.edition_id) if role.edition_id else None)
        if ends_at is None:
            return None
        left.append(ends_at)
    return max(left)


def _keys(row: Kept, ids: Any) -> Select[Any]:
    keys = list(table_of(row).primary_key)
    return select(*keys).where(about(row, ids), says_something(row)).order_by(*keys)


def _end(row: Kept) -> Callable[[Session, Keys, datetime], object]:
    return lambda session, keys, now: end_row(session, row, these(table_of(row), keys))


def _delete(kind: type[Base]) -> Callable[[Session, Keys, datetime], object]:
    table = Base.metadata.tables[kind.__tablename__]
    return lambda session, keys, now: session.execute(delete(table).where(these(table, keys)))


def _ids(keys: Keys) -> list[int]:
    return [key[0] for key in keys]


def _people(edition_id: int) -> Callable[[Session, Keys, datetime], object]:
    return lambda session, keys, now: forget_delegates(session, edition_id, _ids(keys), now)


def _proposers(session: Session, keys: Keys, now: datetime) -> None:
    forget_proposers(session, _ids(keys), now)


def _accounts(session: Session, keys: Keys, now: datetime) -> None:
    forget_accounts(session, _ids(keys), now)


def _with_text(which: ColumnElement[bool]) -> Select[Any]:
    return (
        select(Message.id)
        .where(which, or_(Message.text != "", Message.html != ""), Message.state.not_in(ON_ITS_WAY))
        .order_by(Message.id)
    )


def _remove_texts(session: Session, keys: Keys, now: datetime) -> None:
    gone = {**TEXTLESS, "text_removed_at": now}
    session.execute(update(Message).where(Message.id.in_(_ids(keys))).values(gone))


def _with_names(which: ColumnElement[bool]) -> Select[Any]:
    return (
        select(Message.id)
        .where(which, Message.recipient != GONE, Message.state.not_in(ON_ITS_WAY))
        .order_by(Message.id)
    )


def _take_names_off(session: Session, keys: Keys, now: datetime) -> None:
    gone = {**TEXTLESS, "text_removed_at": now, "subject": GONE, "recipient": GONE, "recipient_name": GONE}
    gone |= {"recipient_key": "", "mailbox_key": "", "reply_to": None, "last_error": None}
    session.execute(update(Message).where(Message.id.in_(_ids(keys))).values(gone))


def _take_out_of_trail(fields: Sequence[str]) -> Callable[[Session, Keys, datetime], object]:
    def take_out(session: Session, keys: Keys, now: datetime) -> None:
        for entry in session.scalars(select(AuditEntry).where(AuditEntry.id.in_(_ids(keys)))):
            entry.details = lacking(entry.details, fields)

    return take_out


def _naming(which: ColumnElement[bool]) -> Select[Any]:
    """Entries that quote what was typed, or say by name who acted."""
    acted = and_(AuditEntry.actor.like("account:%"), AuditEntry.actor != str(NOBODY)) | AuditEntry.actor.like(
        "delegate:%"
    )
    return select(AuditEntry.id).where(which, or_(entries_with_names(), acted)).order_by(AuditEntry.id)


def _take_names_out_of_trail(session: Session, keys: Keys, now: datetime) -> None:
    for entry in session.scalars(select(AuditEntry).where(AuditEntry.id.in_(_ids(keys)))):
        # Of an edition's settings what was changed is said further, without whom to write to.
        is_of_person = bool(entry.about) and not entry.about.startswith(("account-", "voter-"))
        bare = without_names(entry.details) if is_of_person else {**without(entry.details, NAMING), NAMELESS: True}
        entry.details = bare
        kind = entry.actor.partition(":")[0]
        entry.actor = str(NOBODY) if kind == NOBODY.kind else kind


def _searching(edition_id: int) -> Select[Any]:
    asked = (SavedView.query.like(f"{name}=%") | SavedView.query.like(f"%&{name}=%") for name in SEARCHES)
    return select(SavedView.id).where(SavedView.edition_id == edition_id, or_(*asked)).order_by(SavedView.id)


def _stop_searching(session: Session, keys: Keys, now: datetime) -> None:
    for view in session.scalars(select(SavedView).where(SavedView.id.in_(_ids(keys)))):
        view.query = search_without(view.query, None)


def _picking(edition_id: int) -> Select[Any]:
    asked = cast(Letter.audience, Text).contains('"q": ')
    return select(Letter.id).where(Letter.edition_id == edition_id, asked).order_by(Letter.id)


def _forget_searched(session: Session, keys: Keys, now: datetime) -> None:
    for letter in session.scalars(select(Letter).where(Letter.id.in_(_ids(keys)))):
        letter.audience = lacking(letter.audience, ("q",))


def _forget_contact(session: Session, keys: Keys, now: datetime) -> None:
    """The contact, and where the text that delegates agreed to names it."""
    for edition in session.scalars(select(Edition).where(Edition.id.in_(_ids(keys)))):
        agreed = select(Registration.consent_version).where(Registration.edition_id == edition.id)
        for text in session.scalars(select(ConsentText).where(ConsentText.version.in_(agreed))):
            for named in filter(None, (edition.contact_email, edition.contact_name)):
                text.text = text.text.replace(named, GONE)
        edition.contact_name = edition.contact_email = None
