"""Emails about second factors: to their owner, whoever changed them."""

import enum
from datetime import datetime

from dofc_events.accounts.models import Account
from dofc_events.mail.envelope import Envelope
from dofc_events.mail.render import link, render_message


class Event(enum.StrEnum):
    """What happened to an account's second factors."""

    ADDED = "added"
    REMOVED = "removed"
    RESET = "reset"
    CODES_RENEWED = "codes_renewed"
    RECOVERY_USED = "recovery_used"
    TRIES_USED_UP = "tries_used_up"


def factors_changed(account: Account, event: Event, factor: str, at: datetime, *, by: str = "") -> Envelope:
    """To the owner of an account, at the moment at which this happened to its `factor`, or to all of them.

    `by` names the chair who took them away; without a name it was a command.
    """
    return render_message(
        "accounts/factors",
        kind="second-factor",
        language="en",
        recipient=account.email,
        recipient_name=account.name,
        sender_name="Days of Clusters",
        email=account.email,
        event=event.value,
        factor=factor,
        at=at,
        by=by,
        url=link("organise.sessions.index"),
    )
