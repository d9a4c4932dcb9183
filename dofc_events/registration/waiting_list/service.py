"""The waiting list of an edition, opened again after it was closed."""

from datetime import datetime

from sqlalchemy.orm import Session

from dofc_events.conference.models import Edition
from dofc_events.core.audit import Actor
from dofc_events.delegates.queries import registrations_by_id
from dofc_events.notices.service import Changes, terms_of
from dofc_events.places import service as places
from dofc_events.registration.service import RegistrationOver


def reopen_list(session: Session, edition_id: int, because: str, actor: Actor, now: datetime) -> None:
    """Undo that the waiting list was closed: everybody waits again where they stood, and free places are offered.

    They are told `because` of what. Raises RegistrationOver if the edition gives no places.
    """
    pool = places.lock_edition_pool(session, edition_id)
    edition = session.get_one(Edition, edition_id)
    if not edition.gives_places(now):
        raise RegistrationOver
    changes = Changes(session, edition, actor, now)
    people = registrations_by_id(session, places.reopen_list(session, pool, now))
    for registration in people.values():
        changes.place("list_reopened", registration, because=because)
    changes.moved_up(places.promote_next(session, pool, terms_of(edition, now), now))
    changes.tell()
