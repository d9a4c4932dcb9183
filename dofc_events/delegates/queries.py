"""Who is registered where."""

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session, joinedload

from dofc_events.delegates.links import read_link
from dofc_events.delegates.models import Registration
from dofc_events.delegates.rules import folded
from dofc_events.mail.rules import address_key

# A search for more words finds no more.
MOST_WORDS = 20


def registration_by_token(session: Session, token: str) -> Registration | None:
    """The registration that a link leads to, with its edition and category; None for a wrong or replaced link."""
    signed = read_link(token)
    if signed is None:
        return None
    reference, version = signed
    query = select(Registration).where(Registration.reference == reference, Registration.link_version == version)
    return session.scalar(query.options(joinedload(Registration.edition), joinedload(Registration.category)))


def registration_by_reference(session: Session, edition_id: int, reference: str) -> Registration | None:
    """One registration of an edition, with its edition and category."""
    query = select(Registration).where(Registration.reference == reference, Registration.edition_id == edition_id)
    return session.scalar(query.options(joinedload(Registration.edition), joinedload(Registration.category)))


def live_registration(session: Session, edition_id: int, email: str) -> Registration | None:
    """The registration that an address has at an edition and that was not cancelled."""
    return session.scalar(
        select(Registration).where(
            Registration.edition_id == edition_id,
            Registration.email_key == address_key(email),
            Registration.ended_at.is_(None),
        )
    )


def registration_by_form_key(session: Session, form_key: str) -> Registration | None:
    """The registration that was made with one form, however often the form was sent."""
    return session.scalar(select(Registration).where(Registration.form_key == form_key))


def found_by(words: str) -> ColumnElement[bool]:
    """The condition that every one of `words` occurs in a name, the address, the organisation or the reference."""
    patterns = (
        "%" + word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        for word in folded(words).split()[:MOST_WORDS]
    )
    return and_(True, *(Registration.search_text.like(pattern, escape="\\") for pattern in patterns))
