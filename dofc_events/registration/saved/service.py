"""Saved views are made and removed; each locks the edition's row, so that two organisers act one after the other."""

from datetime import datetime

from sqlalchemy.orm import Session

from dofc_events.conference.service import lock_edition
from dofc_events.core.audit import Actor, record
from dofc_events.core.errors import Refusal
from dofc_events.registration.saved.models import SavedView
from dofc_events.registration.saved.queries import saved_views

MAX_VIEWS = 40


class TooManyViews(Refusal):
    """An edition has as many saved views as anybody finds their way in."""


class NoSuchView(Refusal):
    """It has been removed meanwhile."""


class NameTaken(Refusal):
    """There is another view of this name."""


def save_view(
    session: Session,
    edition_id: int,
    name: str,
    query: str,
    actor: Actor,
    now: datetime,
    *,
    replacing: bool = False,
) -> None:
    """Save a view; one of the same name that shows something else goes if it is `replacing`, and else NameTaken.

    Raises TooManyViews.
    """
    edition, views = lock_edition(session, edition_id), saved_views(session, edition_id)
    view = next((view for view in views if view.name == name), None)
    if view is None:
        if len(views) >= MAX_VIEWS:
            raise TooManyViews
        view = SavedView(edition_id=edition_id, name=name)
        session.add(view)
    elif view.query != query and not replacing:
        raise NameTaken
    view.query = query
    session.flush()
    record(session, actor, now, "view_saved", scope=str(edition.year), name=name)


def remove_view(session: Session, edition_id: int, view_id: int, actor: Actor, now: datetime) -> str:
    """Remove a saved view; returns its name. Raises NoSuchView."""
    edition = lock_edition(session, edition_id)
    view = session.get(SavedView, view_id)
    if view is None or view.edition_id != edition_id:
        raise NoSuchView
    session.delete(view)
    record(session, actor, now, "view_removed", scope=str(edition.year), name=view.name)
    return view.name
