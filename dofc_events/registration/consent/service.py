"""Changes whether a delegate agrees to photographs: nobody has to ask for it, and no date ends it."""

from datetime import datetime

from sqlalchemy.orm import Session

from dofc_events.core.audit import Actor
from dofc_events.core.changes import refuse_changed, write
from dofc_events.notices.service import log
from dofc_events.registration.service import locked


def change_photo_consent(
    session: Session, registration_id: int, agrees: bool, actor: Actor, now: datetime, *, seen: bool | None = None
) -> bool:
    """Note whether a delegate agrees to photographs, also after the details are frozen and the edition is over.

    Returns whether that is new. Organisers see who does not beside the photographs. Nobody is emailed.
    """
    registration, _pool = locked(session, registration_id)
    refuse_changed(seen, registration.photo_consent)
    changes = write(registration, {"photo_consent": agrees})
    if changes:
        registration.revise(now)
        log(session, actor, now, "details_changed", registration, changes=changes)
        session.flush()
    return bool(changes)
