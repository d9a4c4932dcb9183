"""Gives registrations another address."""

from datetime import datetime

from sqlalchemy.orm import Session

from dofc_events.delegates.models import Registration
from dofc_events.delegates.service import refresh_search
from dofc_events.mail import outbox
from dofc_events.mail.rules import address_key
from dofc_events.notices.news.service import hold, take_apart


def move_to_address(
    session: Session, registration: Registration, email: str, now: datetime, *, is_own: bool = True
) -> None:
    """Give a registration another address: its link ends, and what was not sent to the old one yet is withdrawn.

    It `is_own` unless it is that of the contact of somebody who has none.
    """
    hold(session, registration.id)
    if registration.email_key is None:
        take_apart(session, [registration.id], now)
    outbox.withdraw(session, registration.reference, now, recipient=registration.email)
    registration.email, registration.email_key = email, address_key(email) if is_own else None
    registration.link_version += 1
    registration.revise(now)
    refresh_search(registration)
    session.flush()
