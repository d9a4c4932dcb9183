"""`flask check`: proves that the tables are those of this version, and that the numbers add up."""

import click
from flask.cli import with_appcontext
from sqlalchemy.orm import Session

from dofc_events.accounts.factors.queries import factor_faults
from dofc_events.conference.models import Edition
from dofc_events.core import files
from dofc_events.core.clock import now
from dofc_events.core.db import db
from dofc_events.core.schema import differences, newest_revision, revision_of
from dofc_events.delegates.queries import answer_faults
from dofc_events.extensions import settings
from dofc_events.groups.delegations.queries import delegation_faults
from dofc_events.groups.mails import GROUP_REGISTERED
from dofc_events.groups.queries import told_with_group
from dofc_events.hosting.ballots.queries import ballot_faults
from dofc_events.letters.queries import letter_faults
from dofc_events.memory.figures.queries import figure_faults
from dofc_events.memory.outcomes.queries import outcome_faults
from dofc_events.memory.photographs.queries import photograph_faults
from dofc_events.notices.queries import facts_without_message
from dofc_events.places.line.queries import promise_faults
from dofc_events.places.options.queries import edition_of_option, option_faults
from dofc_events.places.queries import (
    arrival_faults,
    ended_unlike_their_claim,
    pool_faults,
    pools_with_free_places_and_people_waiting,
)
from dofc_events.privacy.erasing.queries import erasure_faults, named_files
from dofc_events.trips.models import Trip
from dofc_events.trips.queries import seat_faults


@click.command("check")
@with_appcontext
def check() -> None:
    """Prove that the data is consistent; otherwise say what is wrong and exit with 1."""
    # What looks through the data asks for every column.
    found = schema_faults(db.session()) or faults(db.session())
    for fault in found:
        click.echo(fault)
    if found:
        raise SystemExit(1)
    click.echo("Everything adds up.")


def schema_faults(session: Session) -> list[str]:
    """One sentence for each way in which the tables are not those of this version."""
    revision, newest = revision_of(session.connection()), newest_revision()
    if revision != newest:
        return [f"the database is at revision {revision}, and this version wants {newest}: run flask db upgrade"]
    return differences(session.connection())


def claim_faults(session: Session) -> list[str]:
    """One sentence for each fact about places, seats and what people were told of them that contradicts another."""
    found = pool_faults(session) + arrival_faults(session)
    for pool in pools_with_free_places_and_people_waiting(session):
        trip = session.get(Trip, pool.trip_id) if pool.trip_id else None
        edition_id = trip.edition_id if trip else pool.edition_id or edition_of_option(session, pool.option_id or 0)
        edition = session.get_one(Edition, edition_id)
        # Once an edition has begun nothing is offered; the worker closes its list.
        if edition.gives_places(now()) and (trip is None or trip.can_be_joined(now())):
            found.append(f"pool {pool.id}: somebody is waiting while {pool.capacity - pool.taken} are free")
    found += [
        f"registration {r}: it has ended but its place is not cancelled, or the other way round"
        for r in ended_unlike_their_claim(session)
    ]
    found += seat_faults(session)
    untold = facts_without_message(session, told_otherwise=told_with_group(GROUP_REGISTERED))
    found += [f"registration {r}: no email has announced its status" for r in untold]
    return found


def faults(session: Session) -> list[str]:
    """One sentence for each fact that contradicts another."""
    found = claim_faults(session) + promise_faults(session) + delegation_faults(session)
    found += option_faults(session)
    found += answer_faults(session)
    found += letter_faults(session)
    found += ballot_faults(session)
    found += erasure_faults(session)
    found += figure_faults(session)
    found += factor_faults(session)
    found += outcome_faults(session)
    found += photograph_faults(session)
    try:
        missing = files.missing(settings().shared, named_files(session))
        found += [f"file {content_hash}: a row refers to it, but it is missing" for content_hash in sorted(missing)]
    except files.FilesAway as error:
        found.append(f"files: they cannot be looked at: {error.strerror}")
    if not files.is_private(settings().instance):
        found.append(f"{settings().instance}: other users of this machine can read it; chmod 700 ends that")
    return found
