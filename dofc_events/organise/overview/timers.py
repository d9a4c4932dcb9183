"""What the clock does for organisers: each is told what needs attention, as often as they want to know it."""

from datetime import datetime

from sqlalchemy.orm import Session

from dofc_events.accounts.models import Account
from dofc_events.conference.queries import all_editions
from dofc_events.mail import outbox
from dofc_events.organise.overview import mails
from dofc_events.organise.overview.models import Digest
from dofc_events.organise.overview.queries import attention_of, digests_due
from dofc_events.organise.overview.rules import Often, Rank


def tell_what_needs_attention(session: Session, account_id: int, now: datetime) -> None:
    """Write to an account if there is something to do or something new; at once only what it was not told before.

    Accounts that were not looked at before are told from the next time on.
    """
    digest = session.get(Digest, account_id, with_for_update=True)
    if account_id not in digests_due(session, now):
        return
    if digest is None:
        session.add(Digest(account_id=account_id, often=Often.DAILY, looked_at=now, told=[]))
        return
    account = session.get_one(Account, account_id)
    found, _later = attention_of(session, account, digest.looked_at, now)
    known = digest.told if digest.often == Often.AT_ONCE else ()
    tells = any(rank is Rank.NEWS or (rank < Rank.STATE and key not in known) for key, rank in found.keys.items())
    digest.looked_at, digest.told = now, list(found.keys)
    if tells:
        message = mails.digest(account, found, all_editions(session), now)
        outbox.enqueue(session, message, now)
