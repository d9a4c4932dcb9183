"""Emails with a link to what is kept about somebody, or that erases it."""

from datetime import datetime

from dofc_events.conference.mails import edition_message
from dofc_events.delegates.models import Registration
from dofc_events.mail.envelope import Envelope
from dofc_events.mail.render import link, render_message
from dofc_events.privacy.queries import LINKS_LAST, token_of_address, token_to_erase

KIND_DATA, KIND_ERASE = "my-data", "erase-confirmation"
HOURS = int(LINKS_LAST.total_seconds() // 3600)


def my_data_link(email: str, email_key: str, now: datetime) -> Envelope:
    """The link to everything that is kept about an address. It greets nobody by name, as only an address was typed."""
    return render_message(
        "privacy/my_data",
        kind=KIND_DATA,
        language="en",
        recipient=email,
        recipient_name="",
        sender_name="Days of Clusters",
        expires_at=now + LINKS_LAST,
        url=link("privacy.own.all_data", token=token_of_address(email_key, now)),
        hours=HOURS,
    )


def erasure_asked_for(registration: Registration, now: datetime) -> Envelope:
    """The link that erases a registration, to the address that it has; says whose it is if that is another's."""
    edition = registration.edition
    return edition_message(
        edition,
        "privacy/erase",
        kind=KIND_ERASE,
        language=registration.language,
        recipient=registration.email,
        recipient_name=registration.reader_name,
        about=registration.reference,
        expires_at=now + LINKS_LAST,
        of="" if registration.reader_name else registration.full_name,
        reference=registration.reference,
        url=link("privacy.own.confirm", token=token_to_erase(registration, now)),
        hours=HOURS,
    )
