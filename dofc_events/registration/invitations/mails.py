"""What we say to who was not invited."""

from dofc_events.conference.models import Edition
from dofc_events.mail.envelope import Envelope
from dofc_events.mail.render import link, render_message
from dofc_events.mail.rules import deliverable


def not_invited(edition: Edition, category: str, email: str, language: str) -> Envelope:
    """To an address that somebody filled in, who wanted to register in a category to which it is not invited."""
    return render_message(
        "registration/not_invited",
        kind="not-invited",
        language=language,
        recipient=deliverable(email),
        recipient_name="",
        sender_name=edition.name,
        reply_to=edition.contact_email,
        scope=str(edition.year),
        edition=edition,
        edition_name=edition.name,
        contact_name=edition.contact_name,
        contact_email=edition.contact_email,
        category=category,
        register=link("registration.new", year=edition.year),
    )
