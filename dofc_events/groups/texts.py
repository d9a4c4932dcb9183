"""The text that is kept where a contact says that somebody has agreed."""

from flask_babel import gettext as _

from dofc_events.conference.models import Edition
from dofc_events.registration.texts import consent_text


def stated_by_contact(edition: Edition) -> str:
    """What is kept in place of the text that delegates consent to, and what the message to them quotes."""
    text: str = _(
        "A colleague entered this registration, and stated that this person has agreed to the following: “%(text)s”",
        text=consent_text(edition),
    )
    return text
