"""What needs attention, as an email."""

from datetime import datetime, timedelta
from typing import Any

from dofc_events.accounts.models import Account
from dofc_events.conference.models import Edition
from dofc_events.mail.envelope import Envelope
from dofc_events.mail.render import link, render_message
from dofc_events.mail.rules import REMINDER, deliverable
from dofc_events.organise.overview.queries import Attention
from dofc_events.organise.overview.rules import Rank

# Later than this it says what is no longer so.
OF_USE_FOR = timedelta(days=1)


def digest(account: Account, found: Attention, editions: list[Edition], now: datetime) -> Envelope:
    """What needs the attention of an account, in the sentences of its first page."""
    return render_message(
        "organise/digest",
        kind=REMINDER,
        language="en",
        recipient=deliverable(account.email),
        recipient_name=account.name,
        sender_name="Days of Clusters",
        expires_at=now + OF_USE_FOR,
        count=sum(rank < Rank.STATE for rank in found.keys.values()),
        everywhere=found.everywhere,
        of_editions=[(edition, found.editions[edition.id]) for edition in editions if found.editions.get(edition.id)],
        url_for=_address,
        url=link("organise.overview.index"),
        settings_url=link("organise.overview.digest"),
    )


def _address(endpoint: str, _anchor: str = "", **values: Any) -> str:
    return link(endpoint, **values) + (f"#{_anchor}" if _anchor else "")
