"""Copies an edition: its settings, and what else is asked for."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from dofc_events.accounts.models import Role
from dofc_events.accounts.rules import RoleName
from dofc_events.accounts.team import invite
from dofc_events.conference import service as conference
from dofc_events.conference.models import Edition
from dofc_events.conference.queries import edition_by_year
from dofc_events.conference.rules import TripMode, distance_to
from dofc_events.conference.service import NoSuchEdition, details_of, first_known_day, moved
from dofc_events.core.audit import Actor
from dofc_events.core.clock import from_zone, in_zone
from dofc_events.letters.models import Letter
from dofc_events.letters.queries import audience_of
from dofc_events.letters.rules import Anchor
from dofc_events.letters.service import DateMissing, TooLate, text_of, write_letter
from dofc_events.organise.editions.copy.queries import to_copy
from dofc_events.organise.editions.service import add_places, copy_limits
from dofc_events.places.models import Pool
from dofc_events.places.options.service import copy_with_places
from dofc_events.registration.queries import Audience
from dofc_events.registration.trips.service import set_sign_up
from dofc_events.trips.models import Trip
from dofc_events.trips.service import add_trip
from dofc_events.trips.service import details_of as details_of_trip


@dataclass(frozen=True, kw_only=True)
class CopyWishes:
    """The copy's year, number of places, venue and contact, and what else is copied."""

    year: int
    capacity: int
    city: str
    country: str
    venue: str | None
    venue_address: str | None
    zone: str
    contact_name: str | None
    contact_email: str | None
    trips: bool
    letters: bool
    team: bool


def copy_to_draft(session: Session, from_year: int, wishes: CopyWishes, actor: Actor, now: datetime) -> Edition:
    """Add a draft that is like another year's edition, at the place that `wishes` name, with places of its own.

    Everything moves by the same number of whole weeks; times of day stay what the clocks show. Whoever is invited into
    the team is told. Raises NoSuchEdition, EditionExists, and TooManyMessages.
    """
    source = edition_by_year(session, from_year)
    if source is None:
        raise NoSuchEdition(str(from_year))
    found = to_copy(session, source, now)
    distance = _distance(source, [trip for trip, _ in found.trips], wishes.year)
    details = replace(
        moved(details_of(source), distance, wishes.zone),
        city=wishes.city,
        country=wishes.country,
        venue=wishes.venue,
        venue_address=wishes.venue_address,
        contact_name=wishes.contact_name,
        contact_email=wishes.contact_email,
    )
    categories = [(category.slug, category.label) for category in source.categories]
    edition = conference.create_edition(session, wishes.year, details, categories, actor, now)
    edition.copied_from_id = source.id
    edition.keep_conditions_of(source)
    add_places(session, edition, wishes.capacity, actor, now)
    copy_limits(session, from_year, edition)
    copy_with_places(session, source.id, edition.id)
    if wishes.trips:
        _copy_trips(session, source, edition, found.trips, distance, actor, now)
    if wishes.letters:
        _copy_letters(session, edition, found.letters, distance, actor, now)
    if wishes.team:
        _invite(session, edition, found.team, actor, now)
    return edition


def _distance(source: Edition, trips: Sequence[Trip], year: int) -> timedelta:
    days = [in_zone(trip.starts_at, source.zone).date() for trip in trips]
    day = first_known_day(details_of(source)) or min(days, default=None)
    return distance_to(day, year - source.year)


def _copy_trips(
    session: Session,
    source: Edition,
    edition: Edition,
    trips: Sequence[tuple[Trip, Pool]],
    distance: timedelta,
    actor: Actor,
    now: datetime,
) -> None:
    def then(moment: datetime) -> datetime:
        local = in_zone(moment, source.zone)
        return from_zone(local.date() + distance, local.time(), edition.zone)

    for trip, pool in trips:
        details = replace(details_of_trip(trip), starts_at=then(trip.starts_at), ends_at=then(trip.ends_at))
        add_trip(session, edition.id, trip.slug, details, pool.capacity, actor, now)
    window = [moment and then(moment) for moment in (source.trips_open_at, source.trips_close_at)]
    set_sign_up(session, edition.id, TripMode(source.trip_mode), window[0], window[1], actor, now)


def _copy_letters(
    session: Session, edition: Edition, letters: Sequence[Letter], distance: timedelta, actor: Actor, now: datetime
) -> None:
    for letter in letters:
        audience, text = _audience_then(audience_of(letter), distance), text_of(letter)
        try:
            with session.begin_nested():
                write_letter(session, edition.id, audience, text, actor, now)
        except (DateMissing, TooLate):
            write_letter(session, edition.id, audience, replace(text, anchor=Anchor.AT_ONCE, days=0), actor, now)


def _audience_then(audience: Audience, distance: timedelta) -> Audience:
    """Nobody registered before it was announced; who arrived, did so on the same weekday."""
    arrived = audience.filters.arrived
    if arrived[:1].isdigit():
        arrived = (date.fromisoformat(arrived) + distance).isoformat()
    return replace(audience, filters=replace(audience.filters, since="", arrived=arrived))


def _invite(session: Session, edition: Edition, team: Sequence[Role], actor: Actor, now: datetime) -> None:
    for role in team:
        account = role.account
        invite(session, edition.id, account.email, account.name, RoleName(role.role), None, actor, now)
