"""What the clock does to files that were sent to be imported."""

from datetime import datetime

from sqlalchemy.orm import Session

from dofc_events.conference.models import Edition
from dofc_events.core.audit import Actor, record
from dofc_events.imports.models import ImportFile
from dofc_events.imports.rules import KEPT_FOR


def forget_file(session: Session, file_id: int, actor: Actor, now: datetime) -> None:
    """Remove a file that has been kept long enough; its bytes follow when the disk is swept next."""
    file = session.get(ImportFile, file_id, with_for_update=True)
    if file is None or file.added_at > now - KEPT_FOR:
        return
    if file.done_at is None:
        edition = session.get_one(Edition, file.edition_id)
        record(session, actor, now, "import_file_removed", scope=str(edition.year), file=file.name)
    session.delete(file)
    session.flush()
