"""What every message of an edition has."""

from typing import Any

from dofc_events.conference.models import Edition
from dofc_events.mail.envelope import Envelope
from dofc_events.mail.render import render_message


def edition_message(edition: Edition, template: str, **rest: Any) -> Envelope:
    """A message in the name of an edition, which replies to its contact reach; the `rest` is `render_message`'s."""
    return render_message(
        template,
        sender_name=edition.name,
        reply_to=edition.contact_email,
        scope=str(edition.year),
        edition=edition,
        edition_name=edition.name,
        contact_name=edition.contact_name,
        contact_email=edition.contact_email,
        **rest,
    )
