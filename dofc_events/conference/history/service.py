"""Loads the network's history: the seven editions from 2010 to 2016 and what they led to."""

from collections.abc import Mapping
from dataclasses import astuple, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import select
from sqlalchemy.orm import Session

from dofc_events.conference.models import (
    AttendingCountry,
    Edition,
    EditionOrganiser,
    Organisation,
    Outcome,
    OutcomeCountry,
    Signatory,
)
from dofc_events.conference.rules import EditionStatus, OutcomeKind
from dofc_events.core.audit import Actor, record

HISTORY = Path(__file__).parent / "data" / "history.yaml"

# Keys of an edition that name other rows; every other key is a column.
LINKS = ("organisers", "proposed_by", "countries")


@dataclass(frozen=True)
class Loaded:
    """How many rows a run added; all zero if everything was already there."""

    organisations: int
    editions: int
    outcomes: int
    countries: int

    def __bool__(self) -> bool:
        return any(astuple(self))


def read_history(path: Path = HISTORY) -> dict[str, Any]:
    """The facts as the file has them."""
    facts: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return facts


def load_history(session: Session, actor: Actor, now: datetime) -> Loaded:
    """Add the past editions, their organisations and outcomes, and say how many of each were new.

    Existing rows are left unchanged, even where they differ: somebody may have corrected them. A second run
    therefore changes nothing and leaves nothing in the audit trail.
    """
    facts = read_history()
    organisations, new_organisations = _add_organisations(session, facts["organisations"])
    editions, new_editions = _add_editions(session, facts["editions"], organisations)
    loaded = Loaded(
        organisations=new_organisations,
        editions=len(new_editions),
        outcomes=_add_outcomes(session, facts["outcomes"], editions, organisations),
        countries=_add_countries_of_unknown_edition(session, facts["series"]["countries_edition_unknown"]),
    )
    for year in new_editions:
        record(session, actor, now, "edition_loaded", scope=str(year))
    if loaded:
        record(
            session,
            actor,
            now,
            "history_loaded",
            organisations=loaded.organisations,
            editions=loaded.editions,
            outcomes=loaded.outcomes,
            countries=loaded.countries,
        )
    session.flush()
    return loaded


def _add_organisations(session: Session, names: Mapping[str, str]) -> tuple[dict[str, int], int]:
    ids = dict(session.execute(select(Organisation.slug, Organisation.id)).all())
    new = [Organisation(slug=slug, name=name) for slug, name in names.items() if slug not in ids]
    session.add_all(new)
    session.flush()
    return ids | {organisation.slug: organisation.id for organisation in new}, len(new)


def _add_editions(
    session: Session, facts: list[dict[str, Any]], organisations: Mapping[str, int]
) -> tuple[dict[int, int], list[int]]:
    ids = dict(session.execute(select(Edition.year, Edition.id)).all())
    new_years = []
    for fact in facts:
        if fact["year"] in ids:
            continue
        columns = {key: value for key, value in fact.items() if key not in LINKS}
        proposer = fact.get("proposed_by")
        edition = Edition(
            status=EditionStatus.ARCHIVED,
            proposed_by_id=organisations[proposer] if proposer else None,
            countries=[AttendingCountry(country=code) for code in fact.get("countries", [])],
            **columns,
        )
        session.add(edition)
        session.flush()
        session.add_all(
            EditionOrganiser(edition_id=edition.id, organisation_id=organisations[slug], position=position)
            for position, slug in enumerate(fact["organisers"])
        )
        ids[edition.year] = edition.id
        new_years.append(edition.year)
    return ids, new_years


def _add_outcomes(
    session: Session, facts: list[dict[str, Any]], editions: Mapping[int, int], organisations: Mapping[str, int]
) -> int:
    known = set(session.execute(select(Outcome.edition_id, Outcome.title)).all())
    added = 0
    for fact in facts:
        edition_id = editions[fact["year"]]
        if (edition_id, fact["title"]) in known:
            continue
        outcome = Outcome(
            edition_id=edition_id,
            kind=OutcomeKind(fact["kind"]),
            title=fact["title"],
            addressed_to=fact.get("addressed_to"),
            countries=[OutcomeCountry(country=code) for code in fact.get("countries", [])],
        )
        session.add(outcome)
        # One flush each: pages show outcomes in the order of their ids, which is that of the file.
        session.flush()
        session.add_all(
            Signatory(outcome_id=outcome.id, organisation_id=organisations[slug])
            for slug in fact.get("signatories", [])
        )
        added += 1
    return added


def _add_countries_of_unknown_edition(session: Session, codes: list[str]) -> int:
    # The unique constraint does not help here: to a database, two nulls differ.
    known = set(session.scalars(select(AttendingCountry.country).where(AttendingCountry.edition_id.is_(None))))
    new = [AttendingCountry(country=code) for code in codes if code not in known]
    session.add_all(new)
    return len(new)
