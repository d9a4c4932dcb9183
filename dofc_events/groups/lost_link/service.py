"""The form for a lost link to a group, which anyone can fill in."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from dofc_events.conference.models import Edition
from dofc_events.core.audit import VISITOR, record
from dofc_events.core.references import new_reference
from dofc_events.groups import mails
from dofc_events.groups.models import Group
from dofc_events.groups.queries import offered_to, to_add_files
from dofc_events.mail import outbox
from dofc_events.mail.rules import address_key

# So many links fit into one email.
MAX_LINKS = 10


def send_group_link(session: Session, edition_id: int, email: str, now: datetime) -> None:
    """Email somebody the links to their groups, if there are any; the answer must not say whether there are.

    As `registration/lost_link`: an address that was written to often enough is not written to, without a word.
    """
    query = select(Group).where(Group.edition_id == edition_id, Group.email_key == address_key(email))
    known = session.scalars(query.order_by(Group.id.desc()).limit(MAX_LINKS)).all()
    # The same is looked up for an unknown address, or the response time would reveal which addresses are known.
    groups = known or [_stranger(session, edition_id, email)]
    offered = [one.id for one in groups if offered_to(session, one, now)]
    files = {one.id: to_add_files(session, one, now) for one in groups}
    envelope = mails.group_link(*groups, offered=offered, files=files)
    is_meant = not outbox.is_flooded(session, email, now, kind=envelope.kind) and bool(known)
    scope, about = envelope.scope, envelope.about if is_meant else ""
    record(session, VISITOR, now, "link_asked_for", scope=scope, about=about, sent=is_meant)
    outbox.enqueue_if(is_meant, session, envelope, now)


def _stranger(session: Session, edition_id: int, email: str) -> Group:
    edition = session.get_one(Edition, edition_id)
    names = {"contact_name": "", "organisation": "", "reference": new_reference(), "language": "en"}
    with session.no_autoflush:
        return Group(edition=edition, email=email, link_version=1, **names)
