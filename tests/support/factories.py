"""Things that tests need before they can begin, made as the site would make them; every call makes another one."""

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields
from datetime import UTC, datetime, time, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dofc_events.accounts.models import Account
from dofc_events.accounts.rules import Grant, RoleName
from dofc_events.accounts.service import add_account
from dofc_events.conference.models import Category, Edition, Organisation
from dofc_events.conference.rules import EditionStatus
from dofc_events.core.audit import COMMAND, Actor
from dofc_events.core.errors import NotAgreed
from dofc_events.core.references import new_secret
from dofc_events.delegates.doubles.service import look_for_doubles, note_doubles
from dofc_events.delegates.models import Registration
from dofc_events.delegates.service import Details
from dofc_events.places.models import Claim, Pool
from dofc_events.places.options.service import limit_options
from dofc_events.places.service import create_pool, lock_edition_pool
from dofc_events.questions.models import EditionQuestion
from dofc_events.questions.rules import PICKED, Kind
from dofc_events.questions.service import OptionDetails, QuestionDetails, add_question
from dofc_events.registration.service import RegistrationRequest, register_delegate
from dofc_events.trips.models import Trip

# When tests take place that do not use the real clock.
NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
DELEGATE = Actor("delegate")
CATEGORIES = (("member", "Member of the network"), ("company", "Company"), ("guest", "Guest"))

_numbers = itertools.count(1)


def make_edition(
    session: Session,
    *,
    now: datetime = NOW,
    year: int | None = None,
    capacity: int = 100,
    categories: Sequence[tuple[str, str]] = CATEGORIES,
    **changes: Any,
) -> Edition:
    """A published edition in Sofia, half a year after `now`, with places and open registration.

    `changes` are columns of `Edition`. A test on the real clock gives `now=clock.now()`.
    """
    begins = (now + timedelta(days=200)).date()
    values: dict[str, Any] = {
        "year": year or begins.year,
        "status": EditionStatus.PUBLISHED,
        "city": "Sofia",
        "country": "BG",
        "venue": "House of Clusters",
        "venue_address": "12 Vitosha Boulevard",
        "zone": "Europe/Sofia",
        "starts_on": begins,
        "starts_at": time(9, 30),
        "ends_on": begins + timedelta(days=2),
        "ends_at": time(16, 0),
        "summary": "Three days of clusters.",
        "registration_opens_at": now - timedelta(days=30),
        "registration_closes_at": now + timedelta(days=150),
        "contact_name": "Elena Petrova",
        "contact_email": "host@dofc.test",
    }
    edition = Edition(**(values | changes))
    edition.categories = [Category(slug=s, label=label, position=i) for i, (s, label) in enumerate(categories)]
    session.add(edition)
    session.flush()
    create_pool(session, edition_id=edition.id, capacity=capacity)
    return edition


def make_trip(session: Session, edition: Edition, slug: str = "", *, capacity: int = 20, **changes: Any) -> Trip:
    """A learning trip on the edition's second day, with seats."""
    number = next(_numbers)
    begins_at = edition.begins_at()
    assert begins_at is not None
    values: dict[str, Any] = {
        "edition_id": edition.id,
        "slug": slug or f"trip-{number}",
        "title": f"Learning trip {number}",
        "description": "A visit to a company.",
        "meeting_point": "In front of the venue",
        "starts_at": begins_at + timedelta(hours=24),
        "ends_at": begins_at + timedelta(hours=28),
        "position": number,
    }
    trip = Trip(**(values | changes))
    session.add(trip)
    session.flush()
    create_pool(session, trip_id=trip.id, capacity=capacity)
    return trip


def make_three_trips(session: Session, edition: Edition, *, capacity: int = 1) -> tuple[Trip, Trip, Trip]:
    """The trips "wine", "mill" and "port": the mill overlaps the wine, and the port begins when the mill ends."""
    wine = make_trip(session, edition, "wine", title="Wine", capacity=capacity)
    times = {"starts_at": wine.ends_at - timedelta(hours=1), "ends_at": wine.ends_at + timedelta(hours=2)}
    mill = make_trip(session, edition, "mill", title="Mill", capacity=capacity, **times)
    times = {"starts_at": mill.ends_at, "ends_at": mill.ends_at + timedelta(hours=3)}
    return wine, mill, make_trip(session, edition, "port", title="Port", capacity=capacity, **times)


def make_question(
    session: Session,
    edition: Edition,
    key: str,
    kind: str = "choice",
    *,
    places: dict[str, int] | None = None,
    waiting_list: bool = False,
    **said: Any,
) -> EditionQuestion:
    """A question of the edition's own; `options` are captions, and `places` limit some of them by their keys.

    With a `waiting_list` those have one.
    """
    options = [
        OptionDetails("", caption, waiting_list=waiting_list and caption.lower() in (places or {}))
        for caption in said.pop("options", ("S", "M", "L") if kind in PICKED else ())
    ]
    details = QuestionDetails(caption=said.pop("caption", f"{key.capitalize()}?"), **said)
    lock_edition_pool(session, edition.id)
    row = add_question(session, edition.id, Kind(kind), details, options, COMMAND, NOW, key=key)
    limit_options(session, edition, row, places or {}, NOW)
    return row


def make_organisation(session: Session, slug: str = "", **changes: Any) -> Organisation:
    """A cluster organisation."""
    number = next(_numbers)
    values: dict[str, Any] = {"slug": slug or f"cluster-{number}", "name": f"Cluster {number}", "country": "RS"}
    organisation = Organisation(**(values | changes))
    session.add(organisation)
    session.flush()
    return organisation


def make_account(
    session: Session,
    email: str = "",
    role: RoleName | str = RoleName.CHAIR,
    *,
    edition: Edition | None = None,
    organisation: Organisation | None = None,
    name: str = "Ana Kovač",
    now: datetime = NOW,
) -> Account:
    """An account with one role; `edition` for an organiser or the desk, `organisation` for a member or the board."""
    grant = Grant(RoleName(role), edition.id if edition else None, organisation.id if organisation else None)
    return add_account(session, email or f"account-{next(_numbers)}@dofc.test", name, grant, COMMAND, now)


def make_registration_request(**changes: Any) -> RegistrationRequest:
    """A form, filled in by another person each time. `changes` are fields of it or of `Details`."""
    number = next(_numbers)
    details: dict[str, Any] = {
        "given_name": "Łucja",
        "family_name": f"Öztürk-{number}",
        "badge_name": "",
        "organisation": "Trakya Cluster",
        "job_title": "Manager",
        "country": "TR",
        "phone": "",
        "category": "company",
        "dietary": "",
        "access_needs": "",
        "visa_letter": False,
        "photo_consent": True,
    }
    request: dict[str, Any] = {
        "email": f"delegate-{number}@dofc.test",
        "language": "en",
        "consent_text": "My data may be used for this edition.",
        "form_key": new_secret(),
    }
    own = {field.name for field in fields(Details)}
    details |= {name: value for name, value in changes.items() if name in own}
    request |= {name: value for name, value in changes.items() if name not in own}
    return RegistrationRequest(details=Details(**details), **request)


def make_registration(session: Session, edition: Edition, *, now: datetime = NOW, **changes: Any) -> Registration:
    """Somebody who registered: with a place, or on the waiting list if there is none. Queues the message too.

    `changes` as in `make_registration_request`; `trips=("wine", …)` are the learning trips that are asked for.
    """
    request = make_registration_request(**changes)
    register_delegate(session, edition.id, request, DELEGATE, now)
    return session.scalars(select(Registration).where(Registration.form_key == request.form_key)).one()


def claim_of(session: Session, registration: Registration) -> Claim:
    """What a registration holds of its edition's places."""
    pool = select(Pool.id).where(Pool.edition_id == registration.edition_id).scalar_subquery()
    claims = select(Claim).where(Claim.registration_id == registration.id, Claim.pool_id == pool)
    return session.scalars(claims.execution_options(populate_existing=True)).one()


def seat_of(session: Session, registration: Registration, trip: Trip) -> Claim | None:
    """What a registration has of a trip's seats; None if it never asked for one."""
    claims = select(Claim).join(Pool).where(Claim.registration_id == registration.id, Pool.trip_id == trip.id)
    return session.scalars(claims.execution_options(populate_existing=True)).one_or_none()


def seats_of(session: Session, registration: Registration) -> dict[str, str]:
    """The status of everything that a registration ever had of seats, by the trip's slug."""
    query = select(Trip.slug, Claim.status).join(Pool, Pool.trip_id == Trip.id).join(Claim, Claim.pool_id == Pool.id)
    rows = session.execute(query.where(Claim.registration_id == registration.id))
    return {slug: str(status) for slug, status in rows}


def seats_left(session: Session, trip: Trip) -> int:
    """How many seats of a trip nobody holds or is offered."""
    pool = session.scalars(select(Pool).where(Pool.trip_id == trip.id).execution_options(populate_existing=True)).one()
    return pool.capacity - pool.taken


def agreed(act: Callable[..., Any], *args: Any, **named: Any) -> Any:
    """Do what asks first, and agree to all that it would bring about."""
    try:
        return act(*args, **named)
    except NotAgreed as asked:
        return act(*args, **named, accepted=asked.digest)


def find_doubles(session: Session, registration_ids: Iterable[int]) -> None:
    """Look for likely doubles of these registrations and note them, as the worker does."""
    note_doubles(session, look_for_doubles(session, registration_ids))
