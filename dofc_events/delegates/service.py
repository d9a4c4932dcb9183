"""Writes a delegate's details."""

import hashlib
from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import bindparam, insert, select
from sqlalchemy.orm import Session

from dofc_events.conference.models import Category
from dofc_events.core.changes import Difference, difference
from dofc_events.core.db import insert_row, table_of
from dofc_events.core.errors import Refusal
from dofc_events.core.order import sort_key
from dofc_events.delegates.models import BY_LENGTH, ConsentText, Registration, SearchWord
from dofc_events.delegates.rules import called_out, folded
from dofc_events.delegates.spelling.rules import keys_of, keys_of_number

_CATEGORY = select(Category).where(Category.edition_id == bindparam("edition_id"), Category.slug == bindparam("slug"))
_WORDS = insert(table_of(SearchWord))
_CONSENT_TEXT = select(ConsentText.version).where(ConsentText.version == bindparam("version"))


@dataclass(frozen=True)
class Details:
    """A delegate's details, apart from the email address. `category` is a slug of the edition's."""

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
    """The edition does not have this category, or no longer has it."""


def details_of(registration: Registration) -> Details:
    """The current details."""
    values = {f.name: getattr(registration, f.name) for f in fields(Details) if f.name != "category"}
    return Details(category=registration.category.slug, **values)


def add_registration(
    session: Session, registration: Registration, details: Details, category: Category | None = None
) -> None:
    """Store somebody new, with what they said and the words by which they are found.

    `category` is that of the details, if it is known already. Raises NoSuchCategory.
    """
    _set_details(session, registration, details, category)
    put_in_order(registration)
    insert_row(session, registration)
    words = [{"registration_id": registration.id, "word": word} for word in sorted(search_keys(registration))]
    session.execute(_WORDS, words)


def write_details(session: Session, registration: Registration, details: Details) -> Difference:
    """Write the details; returns what changed. Raises NoSuchCategory."""
    before = vars(details_of(registration))
    _set_details(session, registration, details)
    refresh_search(registration)
    return difference(before, vars(details))


def category_of(session: Session, edition_id: int, slug: str) -> Category:
    """A category of an edition. Raises NoSuchCategory."""
    category = session.scalar(_CATEGORY, {"edition_id": edition_id, "slug": slug})
    if category is None:
        raise NoSuchCategory
    return category


def refresh_search(registration: Registration) -> None:
    """Update the words by which a registration is found, and its position in lists."""
    r, keys = registration, search_keys(registration)
    put_in_order(r)
    r.compared = False
    kept = [known for known in r.search_words if known.word in keys]
    new = keys - {known.word for known in kept}
    r.search_words = [*kept, *(SearchWord(word=word) for word in sorted(new))]


def put_in_order(registration: Registration) -> None:
    """Update a registration's position in lists."""
    r = registration
    names = called_out(r.family_name, r.given_name)
    r.called = folded(" ".join(names))[:BY_LENGTH]
    r.by_name = sort_key(*names)[:BY_LENGTH]
    r.by_organisation = sort_key(r.organisation)[:BY_LENGTH]


def search_keys(registration: Registration, *, but_address: bool = False) -> set[str]:
    """Every spelling of every word by which a registration is found; or of all but the address, which may be lent."""
    r = registration
    address = "" if but_address else r.email
    words = keys_of((r.given_name, r.family_name, r.badge_name, address, r.organisation, r.reference))
    return words | keys_of_number(r.phone)


def _set_details(
    session: Session, registration: Registration, details: Details, category: Category | None = None
) -> None:
    category = category or category_of(session, registration.edition_id, details.category)
    registration.category, registration.category_id = category, category.id
    for name, value in vars(details).items():
        if name != "category":
            setattr(registration, name, value)


def keep_consent_text(session: Session, text: str, language: str, now: datetime) -> str:
    """Keep a text that somebody consents to, word for word; returns its version."""
    version = hashlib.sha256(text.encode()).hexdigest()[:16]
    if session.scalar(_CONSENT_TEXT, {"version": version}) is None:
        session.add(ConsentText(version=version, language=language, text=text, first_shown_at=now))
        session.flush()
    return version
