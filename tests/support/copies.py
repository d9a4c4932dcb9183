"""Copies of an edition, with nothing but what every copy has."""

from sqlalchemy.orm import Session

from dofc_events.conference.models import Edition
from dofc_events.core.audit import COMMAND
from dofc_events.organise.editions.copy.service import CopyWishes, copy_to_draft
from tests.support.factories import NOW


def make_copy(session: Session, from_year: int, year: int) -> Edition:
    """A draft for `year` that is like another year's edition."""
    wishes = CopyWishes(
        year=year,
        capacity=50,
        city="Niš",
        country="RS",
        venue=None,
        venue_address=None,
        zone="Europe/Belgrade",
        contact_name=None,
        contact_email=None,
        trips=False,
        letters=False,
        team=False,
    )
    return copy_to_draft(session, from_year, wishes, COMMAND, NOW)
