"""The content of the outbox, and a postman for tests that need no SMTP."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from dofc_events.mail.models import Message
from dofc_events.mail.rules import MessageState
from tests.support.factories import NOW

UNSENT = (MessageState.QUEUED, MessageState.KEPT)


def letters(session: Session, *, to: str = "", about: str = "") -> list[Message]:
    """All messages that were not withdrawn, oldest first; those to one address, or about one reference."""
    query = select(Message).where(Message.state != MessageState.WITHDRAWN).order_by(Message.id)
    if to:
        query = query.where(Message.recipient == to)
    if about:
        query = query.where(Message.about == about)
    return list(session.scalars(query.execution_options(populate_existing=True)))


def kinds(session: Session, *, to: str = "", about: str = "") -> list[str]:
    """The kinds of those messages."""
    return [message.kind for message in letters(session, to=to, about=about)]


def unsent(session: Session, *, to: str = "") -> list[Message]:
    """Those of them that are still waiting."""
    return [message for message in letters(session, to=to) if message.state in UNSENT]


def deliver_all(session: Session, now: datetime = NOW) -> None:
    """Every waiting message leaves at `now`."""
    session.flush()
    session.execute(update(Message).where(Message.state.in_(UNSENT)).values(state=MessageState.SENT, sent_at=now))
