"""An accepted proposal becomes the next edition: a draft, in its host's hands."""

from dataclasses import replace
from datetime import datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from dofc_events.accounts.rules import Grant, RoleName
from dofc_events.accounts.service import add_account
from dofc_events.conference.models import Edition, EditionOrganiser, Organisation
from dofc_events.conference.queries import categories_of, latest_edition
from dofc_events.conference.service import (
    EditionDetails,
    create_edition,
    details_of,
    faults_after_the_end,
    faults_in_order,
    moved,
)
from dofc_events.core.audit import Actor, record
from dofc_events.core.clock import from_zone
from dofc_events.core.slugs import slug_for
from dofc_events.hosting.hand_over.service import start_hand_over
from dofc_events.hosting.models import Proposal
from dofc_events.hosting.rules import lines_of
from dofc_events.places.service import create_pool
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
    the last edition. The proposer becomes its organiser. Raises EditionExists.
    """
    year = proposal.call.year
    last = latest_edition(session, year)
    categories = [(c.slug, c.label) for c in categories_of(session, last.id)] if last else []
    edition = create_edition(
        session, year, _details(proposal, zone, last), categories, actor, now, is_demo=proposal.call.is_demo
    )
    if last:
        edition.trip_mode = last.trip_mode
    capacity = proposal.venue_capacity or 0
    create_pool(session, edition_id=edition.id, capacity=capacity)
    record(session, actor, now, "capacity_changed", scope=str(year), changes={"capacity": [None, capacity]})
    _add_organisers(session, edition, proposal)
    _add_trips(session, edition, proposal, actor, now)
    grant = Grant(RoleName.ORGANISER, edition_id=edition.id)
    add_account(session, proposal.contact_email, proposal.contact_name, grant, actor, now)
    start_hand_over(session, edition, last, actor, now)
    session.flush()
    return edition


def _details(proposal: Proposal, zone: str, last: Edition | None) -> EditionDetails:
    assert proposal.starts_on and proposal.ends_on, "nothing is submitted without its dates"
    blank = EditionDetails(city=proposal.city, country=proposal.country, zone=zone)
    details = blank
    if last is not None and last.starts_on is not None:
        details = moved(details_of(last), proposal.starts_on - last.starts_on, zone)
    elif last is not None:
        details = replace(blank, offer_hours=last.offer_hours)
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
    # The last edition's times of day need not fit other dates; the host says them anew then.
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
    """The host, then the co-hosts, each as the organisation that the archive knows by its name, or as a new one."""
    host = proposal.proposed_by or _organisation(session, proposal.organisation, proposal.country)
    edition.proposed_by_id = host.id
    everyone = [host, *(_organisation(session, name, None) for name in lines_of(proposal.co_hosts))]
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
    taken = set(RESERVED_SLUGS)
    for idea in lines_of(proposal.trip_ideas):
        slug = slug_for(idea, taken, otherwise="trip")
        taken.add(slug)
        details = TripDetails(title=idea[:LONGEST_TITLE], starts_at=times[0], ends_at=times[1])
        add_trip(session, edition.id, slug, details, 0, actor, now)
