"""The text that delegates agree to, or that an organiser says they agreed to: kept word for word."""

from flask_babel import gettext as _

from dofc_events.conference.models import Edition


def consent_text(edition: Edition) -> str:
    """The text that delegates consent to; each registration refers to the version, word for word, that was agreed to.

    Another wording automatically becomes another version; earlier registrations keep theirs.
    """
    text: str = _(
        "The organisers of %(edition)s use what you enter here to prepare and run this conference: to keep your place,"
        " to email you about it, and to meet your needs. Only the organisers see it. They pass on your dietary and"
        " access needs to those who meet them, without your name where possible. Some time after the conference,"
        " everything that identifies you is removed automatically: this site’s privacy page says when. You can see,"
        " change, withdraw and erase what we hold about you at any time, using the link that we email you. Questions?"
        " Write to %(contact)s.",
        edition=edition.name,
        contact=f"{edition.contact_name} ({edition.contact_email})",
    )
    return text


def stated_consent(edition: Edition) -> str:
    """What is kept in place of the text that delegates consent to, and what the message to them quotes."""
    text: str = _(
        "An organiser entered this registration, and stated that this person has agreed to the following: “%(text)s”",
        text=consent_text(edition),
    )
    return text
