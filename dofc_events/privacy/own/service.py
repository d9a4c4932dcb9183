"""Emails the links with which people see or erase their data; the email proves the address."""

from datetime import datetime

from sqlalchemy.orm import Session

from dofc_events.core.audit import VISITOR, Actor, record
from dofc_events.delegates.models import Registration
from dofc_events.mail import outbox
from dofc_events.mail.rules import address_key
from dofc_events.privacy import mails
from dofc_events.privacy.erasing.service import refuse_contact
from dofc_events.privacy.queries import (
    account_of_address,
    groups_of_address,
    proposals_of_address,
    registrations_of_address,
)


def ask_for_data(session: Session, email: str, now: datetime) -> None:
    """Email somebody the link to everything that is kept about their address, if there is anything.

    Neither the answer nor its time shows whether there is, nor whether the address was written to too often.
    """
    key = address_key(email)
    known = bool(registrations_of_address(session, key)) | bool(proposals_of_address(session, key))
    known |= bool(groups_of_address(session, key)) | (account_of_address(session, key) is not None)
    envelope = mails.my_data_link(email, key, now)
    known &= not outbox.is_flooded(session, email, now, kind=envelope.kind)
    # Without the address: an unknown one belongs to somebody who has nothing to do with us.
    record(session, VISITOR, now, "data_link_sent" if known else "data_link_refused", about="privacy")
    outbox.enqueue_if(known, session, envelope, now)


def ask_to_erase(session: Session, registration_id: int, now: datetime) -> None:
    """Email the link that erases a registration to its address. Raises StillContact and TooManyMessages."""
    registration = session.get_one(Registration, registration_id)
    refuse_contact(session, registration, now)
    envelope = mails.erasure_asked_for(registration, now)
    outbox.refuse_flood(session, registration.email, now, kind=envelope.kind)
    actor, scope = Actor("delegate", registration.reference), str(registration.edition.year)
    record(session, actor, now, "erasure_asked_for", scope=scope, about=registration.reference)
    outbox.enqueue(session, envelope, now, asked_for=True)
