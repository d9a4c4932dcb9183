"""What we say to who was not invited."""

from dofc_events.conference.mails import edition_message
from dofc_events.conference.models import Edition
from dofc_events.mail.envelope import Envelope
from dofc_events.mail.render import link
from dofc_events.mail.rules import deliverable


def not_invited(edition: Edition, category: str, email: str, language: str) -> Envelope:
    """To an address that somebody filled in, who wanted to register in a category to which it is not invited."""
    return edition_message(
        edition,
        "registration/not_invited",
        kind="not-invited",
        language=language,
        recipient=deliverable(email),
        recipient_name="",
        category=category,
        register=link("registration.new", year=edition.year),
    )
