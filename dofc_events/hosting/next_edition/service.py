"""An accepted proposal becomes the next edition: a draft that its host can edit."""

from dataclasses import replace
from datetime import datetime, time, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from dofc_events.accounts.rules import Grant, RoleName
from dofc_events.accounts.service import add_account
from dofc_events.conference.models import Edition, EditionOrganiser, Organisation
from dofc_events.conference.queries import categories_of, edition_by_year, latest_edition
from dofc_events.conference.rules import EditionStatus
from dofc_events.conference.service import (
    EditionDetails,
    EditionExists,
    change_edition,
    create_edition,
    details_of,
    faults_after_the_end,
    faults_in_order,
    lock_edition,
    moved,
)
from dofc_events.core.audit import Actor, record
from dofc_events.core.changes import write
from dofc_events.core.clock import from_zone
from dofc_events.core.slugs import slug_for
from dofc_events.hosting.hand_over.service import start_hand_over
from dofc_events.hosting.models import Proposal
from dofc_events.hosting.rules import lines_of
from dofc_events.places.options.service import copy_with_places
from dofc_events.places.service import create_pool, lock_edition_pool
from dofc_events.trips.queries import trip_pools
from dofc_events.trips.rules import RESERVED_SLUGS
from dofc_events.trips.service import TripDetails, add_trip

# A proposal has ideas, not times: until the host settles them, each is on the second day, and has no seats.
TRIP_BEGINS, TRIP_ENDS = time(10), time(13)
LONGEST_TITLE = 200
# A line about co-hosts may be longer than the name of an organisation.
LONGEST_NAME = 200


def create_next_edition(session: Session, proposal: Proposal, zone: str, actor: Actor, now: datetime) -> Edition:
    """The edition of a submitted proposal's year, as a draft, with its places, trips, organisers and hand-over list.

    Categories, offer time, how seats are given, and the dates of registration, counted from the first day, are those of
    the last edition. A draft of the year that is there already keeps these, its texts and its trips. The proposer
    becomes its organiser. Raises EditionExists if it is no longer a draft.
    """
    year = proposal.call.year
    last = latest_edition(session, year)
    draft = edition_by_year(session, year)
    edition = (
        _filled(session, draft, proposal, zone, actor, now)
        if draft
        else _made(session, proposal, zone, last, actor, now)
    )
    _add_organisers(session, edition, proposal)
    _add_trips(session, edition, proposal, actor, now)
    grant = Grant(RoleName.ORGANISER, edition_id=edition.id)
    add_account(session, proposal.contact_email, proposal.contact_name, grant, actor, now)
    start_hand_over(session, edition, last, actor, now)
    session.flush()
    return edition


def _made(
    session: Session, proposal: Proposal, zone: str, last: Edition | None, actor: Actor, now: datetime
) -> Edition:
    year = proposal.call.year
    categories = [(c.slug, c.label) for c in categories_of(session, last.id)] if last else []
    edition = create_edition(
        session, year, _details(proposal, zone, last), categories, actor, now, is_demo=proposal.call.is_demo
    )
    if last:
        edition.trip_mode = last.trip_mode
        copy_with_places(session, last.id, edition.id)
        edition.keep_conditions_of(last)
    capacity = proposal.venue_capacity or 0
    create_pool(session, edition_id=edition.id, capacity=capacity)
    record(session, actor, now, "capacity_changed", scope=str(year), changes={"capacity": [None, capacity]})
    return edition


def _filled(session: Session, draft: Edition, proposal: Proposal, zone: str, actor: Actor, now: datetime) -> Edition:
    pool = lock_edition_pool(session, draft.id)
    edition = lock_edition(session, draft.id)
    if edition.status != EditionStatus.DRAFT:
        raise EditionExists(str(edition.year))
    details = replace(_details(proposal, zone, edition), summary=edition.summary, programme=edition.programme)
    change_edition(session, edition.id, details, actor, now)
    if changes := write(pool, {"capacity": max(proposal.venue_capacity or 0, pool.taken)}):
        record(session, actor, now, "capacity_changed", scope=str(edition.year), changes=changes)
    return edition


def _details(proposal: Proposal, zone: str, source: Edition | None) -> EditionDetails:
    """What a proposal says, and for the rest what another edition has, moved to its dates and its zone."""
    assert proposal.starts_on and proposal.ends_on, "nothing is submitted without its dates"
    details = EditionDetails(city=proposal.city, country=proposal.country, zone=zone)
    if source is not None:
        distance = proposal.starts_on - source.starts_on if source.starts_on else timedelta()
        details = moved(details_of(source), distance, zone)
    details = replace(
        details,
        city=proposal.city,
        country=proposal.country,
        venue=proposal.venue,
        venue_address=None,
        starts_on=proposal.starts_on,
        ends_on=proposal.ends_on,
        summary="",
        programme="",
        cost="",
        languages="",
        dress="",
        faq="",
        contact_name=proposal.contact_name,
        contact_email=proposal.contact_email,
    )
    # Times meant for other dates may not fit these; the host then sets them again.
    if faults_in_order(details) or faults_after_the_end(details):
        details = replace(
            details,
            starts_at=None,
            ends_at=None,
            registration_opens_at=None,
            registration_closes_at=None,
            freezes_at=None,
        )
    return details


def _add_organisers(session: Session, edition: Edition, proposal: Proposal) -> None:
    """The host, then the co-hosts that confirmed it, each as the archive knows it by its name, or as a new one."""
    host = proposal.proposed_by or _organisation(session, proposal.organisation, proposal.country)
    edition.proposed_by_id = host.id
    confirmed = [one.name for one in proposal.asked_co_hosts if one.confirmed_at]
    everyone = [host, *(_organisation(session, name, None) for name in confirmed)]
    # A draft may name others; who hosts it is decided now.
    session.execute(delete(EditionOrganiser).where(EditionOrganiser.edition_id == edition.id))
    for position, organisation_id in enumerate(dict.fromkeys(organisation.id for organisation in everyone)):
        session.add(EditionOrganiser(edition_id=edition.id, organisation_id=organisation_id, position=position))
    session.flush()


def _organisation(session: Session, name: str, country: str | None) -> Organisation:
    known, name = session.scalars(select(Organisation)).all(), name[:LONGEST_NAME]
    found = next((one for one in known if one.name.casefold() == name.casefold()), None)
    if found is None:
        slug = slug_for(name, {one.slug for one in known}, otherwise="organisation")
        found = Organisation(slug=slug, name=name, country=country)
        session.add(found)
        session.flush()
    return found


def _add_trips(session: Session, edition: Edition, proposal: Proposal, actor: Actor, now: datetime) -> None:
    assert edition.starts_on and edition.ends_on
    day = min(edition.starts_on + timedelta(days=1), edition.ends_on)
    times = [from_zone(day, hour, edition.zone) for hour in (TRIP_BEGINS, TRIP_ENDS)]
    taken = {*RESERVED_SLUGS, *(trip.slug for trip, _pool in trip_pools(session, edition.id))}
    for idea in lines_of(proposal.trip_ideas):
        slug = slug_for(idea, taken, otherwise="trip")
        taken.add(slug)
        details = TripDetails(title=idea[:LONGEST_TITLE], starts_at=times[0], ends_at=times[1])
        add_trip(session, edition.id, slug, details, 0, actor, now)
