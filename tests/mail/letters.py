"""Letters to put into the outbox."""

from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from dofc_events.core.audit import Actor
from dofc_events.core.clock import now
from dofc_events.mail.envelope import Envelope
from dofc_events.mail.models import Message
from dofc_events.mail.outbox import enqueue

ORGANISER = Actor("account", "elena@dofc.test")


def letter(**changes: Any) -> Envelope:
    """A finished message to Ana."""
    values: dict[str, Any] = {
        "kind": "registration-confirmed",
        "language": "en",
        "recipient": "Ana@dofc.test",
        "recipient_name": "Ana Kovač",
        "sender_name": "Days of Clusters 2027",
        "subject": "Your place is confirmed",
        "text": "You don’t need to do anything else.\n",
        "html": "<p>You don’t need to do anything else.</p>",
    }
    return Envelope(**(values | changes))


def enqueue_many(session: Session, count: int) -> list[str]:
    """Letters to this many people, due now; returns their addresses."""
    addresses = [f"delegate-{number}@dofc.test" for number in range(count)]
    for address in addresses:
        enqueue(session, letter(recipient=address), now())
    return addresses


def states(session: Session) -> dict[str, int]:
    """How many messages are in which state."""
    rows = session.execute(select(Message.state, func.count()).group_by(Message.state))
    return {str(state): count for state, count in rows}


def end_leases(session: Session) -> None:
    """Let a minute pass: whatever was leased can be taken up again."""
    session.execute(update(Message).where(Message.lease_until.is_not(None)).values(lease_until=Message.queued_at))
