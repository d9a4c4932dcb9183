"""Reads of saved views."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from dofc_events.core.order import sort_key
from dofc_events.registration.saved.models import SavedView


def saved_views(session: Session, edition_id: int) -> list[SavedView]:
    """An edition's saved views by name."""
    found = session.scalars(select(SavedView).where(SavedView.edition_id == edition_id))
    return sorted(found, key=lambda view: sort_key(view.name))
