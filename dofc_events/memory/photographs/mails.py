"""What organisers are written about photographs."""

from collections.abc import Sequence

from dofc_events.accounts.models import Account
from dofc_events.conference.models import Edition
from dofc_events.mail.envelope import Envelope
from dofc_events.mail.render import link, render_message
from dofc_events.mail.rules import PHOTOGRAPH_OBJECTION, deliverable
from dofc_events.memory.photographs.models import Objection


def photographs_objected_to(account: Account, edition: Edition, objections: Sequence[Objection]) -> Envelope:
    """Visitors want photographs taken down; the photographs are hidden, or organisers alone decide."""
    return render_message(
        "memory/photographs_objected_to",
        kind=PHOTOGRAPH_OBJECTION,
        language="en",
        recipient=deliverable(account.email),
        recipient_name=account.name,
        sender_name="Days of Clusters",
        scope=str(edition.year),
        edition=edition,
        objections=objections,
        url=link("organise.memory.photographs.objections", year=edition.year),
    )
