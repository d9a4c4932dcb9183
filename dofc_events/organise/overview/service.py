"""How often somebody is told what needs attention, and what they put off until a day.

That is nobody else's business, so the trail says nothing of it.
"""

from datetime import date, datetime

from sqlalchemy.orm import Session

from dofc_events.core.changes import refuse_changed
from dofc_events.organise.overview.models import Digest, PutOff
from dofc_events.organise.overview.queries import put_off_by
from dofc_events.organise.overview.rules import Often


def choose(session: Session, account_id: int, often: Often, now: datetime, *, seen: Often | None = None) -> None:
    """Tell an account so often from now on."""
    digest = session.get(Digest, account_id, with_for_update=True)
    if digest is None:
        digest = Digest(account_id=account_id, often=Often.DAILY, looked_at=now, told=[])
        session.add(digest)
    refuse_changed(seen, Often(digest.often))
    digest.often, digest.looked_at = often, now


def put_off(session: Session, account_id: int, edition_id: int | None, key: str, until: date) -> None:
    """Do not show an account a line before a day; what was put off before is put off until then."""
    show_again(session, account_id, edition_id, key)
    session.add(PutOff(account_id=account_id, edition_id=edition_id, key=key, until=until))


def show_again(session: Session, account_id: int, edition_id: int | None, key: str) -> None:
    """Show a line at once, if it is put off."""
    for one in put_off_by(session, account_id):
        if (one.edition_id, one.key) == (edition_id, key):
            session.delete(one)
