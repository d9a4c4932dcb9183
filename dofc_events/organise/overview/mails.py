"""What needs attention, as an email."""

from collections import Counter
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

from dofc_events.accounts.models import Account
from dofc_events.conference.models import Edition
from dofc_events.mail.envelope import Envelope
from dofc_events.mail.render import link, render_message
from dofc_events.mail.rules import REMINDER, deliverable
from dofc_events.organise.overview.queries import Attention
from dofc_events.organise.overview.rules import Matter, Rank

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
        counted=_counted(found),
        everywhere=found.everywhere,
        of_editions=[(edition, found.editions[edition.id]) for edition in editions if found.editions.get(edition.id)],
        url_for=_address,
        url=link("organise.overview.index"),
        settings_url=link("organise.overview.digest"),
    )


def _counted(found: Attention) -> dict[str, int]:
    """How many people came and went, and how many lines are tasks and deadlines."""
    lines = [*found.everywhere, *chain.from_iterable(found.editions.values())]
    ranks = Counter(line.rank for line in lines)
    return {
        "new": sum(line.number or 0 for line in lines if line.matter is Matter.NEW),
        "cancelled": sum(line.number or 0 for line in lines if line.matter is Matter.CANCELLED),
        "tasks": ranks[Rank.TROUBLE] + ranks[Rank.TASK],
        "deadlines": ranks[Rank.DEADLINE],
    }


def _address(endpoint: str, _anchor: str = "", **values: Any) -> str:
    return link(endpoint, **values) + (f"#{_anchor}" if _anchor else "")
