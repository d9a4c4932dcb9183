"""How much room the files of all proposals take."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dofc_events.hosting.models import Attachment


def attached_bytes(session: Session) -> int:
    """The size of all files that are attached to anything; what many share is kept once."""
    each = select(Attachment.content_hash, Attachment.size).distinct().subquery()
    return session.scalar(select(func.coalesce(func.sum(each.c.size), 0))) or 0
