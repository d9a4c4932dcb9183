"""What is in the outbox, and its state."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

from sqlalchemy import BindParameter, ColumnElement, Select, and_, bindparam, case, func, literal, or_, select, true
from sqlalchemy.orm import Session, load_only

from dofc_events.core.pages import NEWEST, Turn, page_of
from dofc_events.mail.models import MailHold, Message, WorkerSign
from dofc_events.mail.rules import DONE_WITH, LATE_AFTER, WORKER_SILENT_AFTER, MessageState

# A search for more words finds no more.
MAX_WORDS = 20
NEVER = datetime(1970, 1, 1, tzinfo=UTC)
WAITING = (MessageState.QUEUED, MessageState.SENDING)

_LATEST = (
    select(Message.id, Message.state, Message.sent_at, Message.waits_since)
    .where(Message.about == bindparam("about"), Message.recipient_key == bindparam("recipient_key"))
    .where(Message.state != MessageState.WITHDRAWN)
    .order_by(Message.id.desc())
    .limit(1)
)
# What was settled or withdrawn after it was refused was not delivered either.
_LAST_KNOWN = (
    select(Message.state)
    .where(Message.about == bindparam("about"), Message.recipient_key == bindparam("recipient_key"))
    .where(
        or_(
            Message.state.in_((MessageState.SENT, MessageState.DEAD)),
            and_(Message.state == MessageState.WITHDRAWN, Message.refusals > 0),
        )
    )
    .order_by(Message.id.desc())
    .limit(1)
)


# Of both there may be none, and one query has to do.
_SIGNS_AND_HOLD = (
    select(WorkerSign, MailHold.since)
    .select_from(select(literal(1).label("one")).subquery())
    .outerjoin(WorkerSign, true())
    .outerjoin(MailHold, true())
)


@dataclass(frozen=True)
class Latest:
    """The last message about something to somebody: where it is, without what it says."""

    id: int
    state: MessageState
    sent_at: datetime | None
    waits_since: datetime

    def is_late(self, now: datetime) -> bool:
        """Whether it has waited so long that "on its way" would no longer be true, if it still waits."""
        return now - self.waits_since > LATE_AFTER


@dataclass(frozen=True)
class MailHealth:
    """The state of the outbox. Ages in whole seconds, None where there is no message.

    `late_seconds`: for how long a message has waited, and none has left, at most; see `late_since`. `mail_error`: why
    the mail server could not be spoken to when it was last tried, at `mail_tried_at`; None if it answered then.
    `failed_step`: the worker's step that failed last, at `failed_at`, and has not succeeded since. `held_since`: since
    when nothing leaves, because nobody has looked at the outbox after a restore.
    """

    waiting: int
    dead: int
    kept: int
    oldest_seconds: int | None
    late_seconds: int | None
    worker_seen_at: datetime | None
    worker_is_silent: bool
    mail_tried_at: datetime | None
    mail_error: str | None
    failed_step: str | None
    failed_at: datetime | None
    held_since: datetime | None

    @property
    def is_late(self) -> bool:
        return self.late_seconds is not None and self.late_seconds > LATE_AFTER.total_seconds()


def held_in_order(*which: ColumnElement[bool]) -> Select[int]:
    """The ids of these messages, whose rows it locks one after the other, as everybody does who changes several.

    Two who lock in different orders could wait for each other.
    """
    return select(Message.id).where(*which).order_by(Message.id).with_for_update()


@cache
def _by_state(*, everywhere: bool) -> Select[MessageState, int, datetime, datetime | None]:
    mine = true() if everywhere else Message.scope.in_(bindparam("scopes", expanding=True))
    return (
        select(
            Message.state, func.count(), func.min(Message.waits_since), func.min(held_up_since(bindparam("taken_at")))
        )
        .where(Message.state.in_((*WAITING, MessageState.DEAD, MessageState.KEPT)))
        .where(or_(Message.state.in_(WAITING), mine))
        .where(or_(Message.state != MessageState.KEPT, _is_current(bindparam("now"))))
        .group_by(Message.state)
    )


def mail_health(session: Session, now: datetime, scopes: Collection[str] | None = None) -> MailHealth:
    """One look at the outbox, in two queries; with `scopes`, only those scopes' dead and kept messages count."""
    signs, held_since = _signs_and_hold(session)
    taken_at = last_taken(signs)
    values = {"taken_at": taken_at, "now": now, "scopes": list(scopes or ())}
    rows = session.execute(_by_state(everywhere=scopes is None), values).all()
    counts = {MessageState(state): count for state, count, _, _ in rows}
    oldest = min((since for state, _, since, _ in rows if state in WAITING), default=None)
    held_up = min((since for state, _, _, since in rows if state in WAITING and since), default=None)
    # One that is to come says only that somebody set the clock back.
    seen_at = max((sign.seen_at for sign in signs if sign.seen_at <= now + WORKER_SILENT_AFTER), default=None)
    tried = max((s for s in signs if s.mail_tried_at), key=lambda s: s.mail_tried_at or now, default=None)
    heard = [sign for sign in signs if abs(now - sign.seen_at) <= WORKER_SILENT_AFTER]
    failed = max((s for s in heard if s.failed_at), key=lambda s: s.failed_at or now, default=None)
    return MailHealth(
        waiting=sum(counts.get(state, 0) for state in WAITING),
        dead=counts.get(MessageState.DEAD, 0),
        kept=counts.get(MessageState.KEPT, 0),
        oldest_seconds=_seconds(oldest, now),
        late_seconds=_seconds(late_since(held_up, taken_at), now),
        worker_seen_at=seen_at,
        worker_is_silent=not heard,
        mail_tried_at=tried.mail_tried_at if tried else None,
        mail_error=tried.mail_error if tried else None,
        failed_step=failed.failed_step if failed else None,
        failed_at=failed.failed_at if failed else None,
        held_since=held_since,
    )


def mail_taken_at(session: Session) -> datetime:
    """When the mail server last took a message, if that is less than a day ago; else NEVER."""
    return last_taken(_signs(session))


def last_taken(signs: Iterable[WorkerSign]) -> datetime:
    """When the mail server last took a message, as these signs of life say; NEVER if they do not."""
    return max((sign.mail_taken_at for sign in signs if sign.mail_taken_at), default=NEVER)


def held_up_since(taken_at: datetime | BindParameter[datetime]) -> ColumnElement[datetime]:
    """Since when a message waits because of us or of the mail server, and not on its own account.

    What was refused, and others were not since it waits, is refused on its own account.
    """
    return case((or_(Message.refusals == 0, Message.waits_since > taken_at), Message.waits_since))


def late_since(held_up: datetime | None, taken_at: datetime) -> datetime | None:
    """Since when nothing leaves: since the oldest message waits that is held up, or since another one left after that.

    Letters to thousands take their time, and are not late as long as one after the other leaves.
    """
    return max(held_up, taken_at) if held_up else None


def messages_by_state(session: Session, scope: str | None = None, words: str = "") -> dict[MessageState, int]:
    """How many messages are in each state (all of them, or those of one scope); states without messages count 0.

    With `words`, only those messages in which all of them are found, as `messages` does.
    """
    query = select(Message.state, func.count()).where(_found_by(words)).group_by(Message.state)
    if scope is not None:
        query = query.where(Message.scope == scope)
    counts = {MessageState(state): count for state, count in session.execute(query)}
    return {state: counts.get(state, 0) for state in MessageState}


def messages(
    session: Session,
    scope: str | None,
    *,
    state: MessageState | None,
    words: str = "",
    turn: Turn = NEWEST,
    size: int,
) -> tuple[Sequence[Message], int]:
    """A page of messages, newest first, without their bodies; and how many stand before it.

    Each of `words` must occur in the recipient's address, the subject or the reference, which may lack its hyphen.
    """
    # Which they are is found in an index; else SQLite would put all of them in order, bodies included.
    query = select(Message.id).where(_found_by(words))
    if scope is not None:
        query = query.where(Message.scope == scope)
    if state is not None:
        query = query.where(Message.state == state)
    page = page_of(session, query, Message.id, turn, size)
    shown = load_only(
        Message.kind,
        Message.scope,
        Message.about,
        Message.recipient,
        Message.subject,
        Message.state,
        Message.queued_at,
        Message.due_at,
        Message.sent_at,
        Message.attempts,
        Message.last_error,
    )
    found = select(Message).where(Message.id.in_(page.ids)).options(shown).order_by(Message.id.desc())
    return session.scalars(found).all(), page.before


def texts_to_remove(
    session: Session, before: datetime, scopes: Collection[str], last: str, limit: int
) -> Sequence[int]:
    """Messages that were done with before that moment and still have their text, but for those of `scopes`.

    Scopes are years: what belongs to a year after `last` is still to come.
    """
    old = (
        Message.state.in_(DONE_WITH),
        Message.due_at < before,
        func.coalesce(Message.sent_at, Message.due_at) < before,
    )
    mine = (Message.scope.not_in(scopes), Message.scope <= last)
    query = select(Message.id).where(*old, *mine, Message.text_removed_at.is_(None)).limit(limit)
    return session.scalars(query).all()


def can_be_sent_yet(scope: str, now: datetime) -> ColumnElement[bool]:
    """The condition for messages of a scope that were kept for want of a mail server and have not expired since."""
    return and_(Message.scope == scope, Message.state == MessageState.KEPT, _is_current(now))


def count_sendable(session: Session, scope: str, now: datetime) -> int:
    """How many kept messages of a scope would be sent if they were released."""
    return session.scalar(select(func.count()).select_from(Message).where(can_be_sent_yet(scope, now))) or 0


def message_in_scope(session: Session, message_id: int, scope: str | None) -> Message | None:
    """One message, if it belongs to `scope` (None: any)."""
    message = session.get(Message, message_id)
    return message if message and (scope is None or message.scope == scope) else None


def messages_about(session: Session, *about: str) -> Sequence[Message]:
    """Every message about these references, oldest first."""
    return session.scalars(select(Message).where(Message.about.in_(about)).order_by(Message.id)).all()


def latest_message(session: Session, about: str, recipient_key: str, *, but: Collection[str] = ()) -> Latest | None:
    """The message about a reference that was last written to an address and not withdrawn; `but` are kinds to skip."""
    query = _LATEST.where(Message.kind.not_in(but)) if but else _LATEST
    found = session.execute(query, {"about": about, "recipient_key": recipient_key}).one_or_none()
    return found and Latest(*found)


def is_undeliverable(session: Session, about: str, recipient_key: str) -> bool:
    """Whether an address refused the last message about something of which it is known what became of it."""
    state = session.scalar(_LAST_KNOWN, {"about": about, "recipient_key": recipient_key})
    return state is not None and state != MessageState.SENT


def _signs(session: Session) -> Sequence[WorkerSign]:
    return session.scalars(select(WorkerSign)).all()


def _signs_and_hold(session: Session) -> tuple[list[WorkerSign], datetime | None]:
    rows = session.execute(_SIGNS_AND_HOLD).all()
    return [sign for sign, _ in rows if sign], rows[0].since


def _found_by(words: str) -> ColumnElement[bool]:
    texts = (Message.recipient, Message.subject, Message.about, func.replace(Message.about, "-", ""))
    found = (or_(*(text.icontains(word, autoescape=True) for text in texts)) for word in words.split()[:MAX_WORDS])
    return and_(True, *found)


def _is_current(now: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
    return or_(Message.expires_at.is_(None), Message.expires_at > now)


def _seconds(since: datetime | None, now: datetime) -> int | None:
    return None if since is None else max(0, int((now - since).total_seconds()))
