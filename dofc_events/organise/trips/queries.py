"""Reads of the organisers' pages about learning trips."""

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session, aliased

from dofc_events.conference.models import Edition
from dofc_events.places.models import Claim, Pool
from dofc_events.places.rules import ClaimStatus
from dofc_events.trips.models import Trip


def told_of_another_mode(session: Session, edition: Edition) -> int:
    """How many people are told if seats are given the other way: who waits for a seat, or has wishes for the draw."""
    turned = ClaimStatus.REQUESTED if edition.collects_wishes else ClaimStatus.WAITLISTED
    place, place_pool = aliased(Claim), aliased(Pool)
    query = (
        select(func.count(Claim.registration_id.distinct()))
        .join(Pool, Pool.id == Claim.pool_id)
        .join(Trip, Trip.id == Pool.trip_id)
        .join(place, place.registration_id == Claim.registration_id)
        .join(place_pool, and_(place_pool.id == place.pool_id, place_pool.edition_id == Trip.edition_id))
        .where(Trip.edition_id == edition.id, Claim.status == turned, place.status == ClaimStatus.CONFIRMED)
    )
    return session.scalar(query) or 0
