"""Writes what is known of a delegate."""

import hashlib
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dofc_events.conference.models import Category
from dofc_events.core.errors import Refusal
from dofc_events.delegates.models import ConsentText, Registration
from dofc_events.delegates.rules import folded


@dataclass(frozen=True)
class Details:
    """What a delegate says about themselves, apart from the mail address. `category` is a slug of the edition's."""

    given_name: str
    family_name: str
    badge_name: str
    organisation: str
    job_title: str
    country: str
    phone: str
    category: str
    dietary: str
    access_needs: str
    visa_letter: bool
    photo_consent: bool


class NoSuchCategory(Refusal):
    """The edition has no such category (any more)."""


def details_of(registration: Registration) -> Details:
    """The details as they stand."""
    values = {f.name: getattr(registration, f.name) for f in fields(Details) if f.name != "category"}
    return Details(category=registration.category.slug, **values)


def write_details(session: Session, registration: Registration, details: Details) -> dict[str, list[Any]]:
    """Write the details; returns what changed as {field: [before, after]}. Raises NoSuchCategory."""
    category = session.scalar(
        select(Category).where(Category.edition_id == registration.edition_id, Category.slug == details.category)
    )
    if category is None:
        raise NoSuchCategory
    before = asdict(details_of(registration)) if registration.category_id else {}
    registration.category = category
    for name, value in asdict(details).items():
        if name != "category":
            setattr(registration, name, value)
    refresh_search_text(registration)
    return {name: [before.get(name), value] for name, value in asdict(details).items() if before.get(name) != value}


def refresh_search_text(registration: Registration) -> None:
    """Bring the text that the search looks through up to date."""
    r = registration
    # A reference is typed with its hyphen or without.
    bare = r.reference.replace("-", "")
    words = (r.given_name, r.family_name, r.badge_name, r.email, r.organisation, r.reference, bare)
    r.search_text = folded("\n".join(words))


def keep_consent_text(session: Session, text: str, language: str, now: datetime) -> str:
    """Keep a text that somebody consents to, word for word; returns its version."""
    version = hashlib.sha256(text.encode()).hexdigest()[:16]
    if session.get(ConsentText, version) is None:
        session.add(ConsentText(version=version, language=language, text=text, first_shown_at=now))
        session.flush()
    return version
