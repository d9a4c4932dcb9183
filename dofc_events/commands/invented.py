"""What the demonstration's editions are made of: the editions, trips, outcomes and pictures that a file names."""

import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from dofc_events.conference import service as conference
from dofc_events.conference.models import Edition
from dofc_events.core import files
from dofc_events.core.audit import COMMAND
from dofc_events.core.clock import end_of_day, from_zone
from dofc_events.extensions import settings
from dofc_events.memory.outcomes.rules import OutcomeKind, OutcomeStatus
from dofc_events.memory.outcomes.service import (
    NoteDetails,
    OutcomeDetails,
    PartyDetails,
    create_outcome,
    publish_outcome,
    set_follow_up,
    set_parties,
)
from dofc_events.memory.photographs.exchange.service import PHOTOGRAPHS
from dofc_events.places.service import create_pool
from dofc_events.trips.service import TripDetails, add_trip

DATA = Path(__file__).parent / "data"
# Drawn by `python -m tests.demo_photographs`.
PICTURES = DATA / "photographs"


def add_edition(
    session: Session,
    year: int,
    said: Mapping[str, Any],
    categories: Iterable[Mapping[str, str]],
    places: int,
    at: datetime,
) -> Edition:
    """A draft of an edition on the Thursday in the third week of October, for which one can register from `at`."""
    first = date(year, 10, 15)
    first += timedelta(days=(3 - first.weekday()) % 7)
    details = conference.EditionDetails(
        **said,
        starts_on=first,
        starts_at=time(9),
        ends_on=first + timedelta(days=2),
        ends_at=time(16),
        registration_opens_at=at,
        registration_closes_at=end_of_day(date(year, 9, 30), said["zone"]),
    )
    kinds = [(category["slug"], category["label"]) for category in categories]
    edition = conference.create_edition(session, year, details, kinds, COMMAND, at, is_demo=True)
    create_pool(session, edition_id=edition.id, capacity=places)
    return edition


def add_trips(session: Session, edition: Edition, rows: Iterable[Mapping[str, Any]], at: datetime) -> None:
    """Learning trips; their days count from the first day of the edition."""
    assert edition.starts_on is not None
    for row in rows:
        day = edition.starts_on + timedelta(days=row["day"])
        starts_at, ends_at = (from_zone(day, time.fromisoformat(row[end]), edition.zone) for end in ("starts", "ends"))
        said = {name: row[name] for name in row.keys() - {"slug", "capacity", "day", "starts", "ends"}}
        offered = TripDetails(starts_at=starts_at, ends_at=ends_at, **said)
        add_trip(session, edition.id, row["slug"], offered, row["capacity"], COMMAND, at)


def add_photographs(session: Session, year: int, which: str, at: datetime) -> None:
    """The pictures drawn for one of the editions, as if they had been sent and prepared."""
    for row in json.loads((PICTURES / "photographs.json").read_text(encoding="utf-8"))[which]:
        for one in row["sizes"]:
            files.store(settings().shared, (PICTURES / one["hash"]).read_bytes(), at)
        PHOTOGRAPHS.write(session, {**row, "edition": year}, at)


def add_outcome(session: Session, edition: Edition, row: Mapping[str, Any], day: date, at: datetime) -> str:
    """An outcome signed this many days after `day`, with its signatories and its follow-up; returns its slug."""
    agreed_on = day + timedelta(days=row["days"])
    said = {name: row[name] for name in ("title", "text", "source", "addressed_to") if name in row}
    details = OutcomeDetails(kind=OutcomeKind(row["kind"]), agreed_on=agreed_on, **said)
    slug = create_outcome(session, edition.id, details, COMMAND, at).slug
    parties = [
        PartyDetails(has_signed="person" in party, signed_on=agreed_on if "person" in party else None, **party)
        for party in row["parties"]
    ]
    set_parties(session, edition.id, slug, parties, COMMAND, at, seen=[])
    notes = [
        NoteDetails(
            noted_on=day + timedelta(days=note["days"]), status=OutcomeStatus(note["status"]), text=note["text"]
        )
        for note in row["follow_up"]
    ]
    set_follow_up(session, edition.id, slug, notes, COMMAND, at, seen=[])
    publish_outcome(session, edition.id, slug, COMMAND, at)
    return slug
