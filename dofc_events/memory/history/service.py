"""Loads the network's history: the seven editions from 2010 to 2016 and what they led to."""

from dataclasses import astuple, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy.orm import Session

from dofc_events.conference.queries import all_editions
from dofc_events.core.audit import Actor, record
from dofc_events.memory.editions.queries import organisation_slugs
from dofc_events.memory.editions.service import EDITIONS, ORGANISATIONS, SERIES_PART
from dofc_events.memory.history.rules import history_rows
from dofc_events.memory.outcomes.exchange.service import OUTCOMES
from dofc_events.memory.queries import changes_to

HISTORY = Path(__file__).parent / "data" / "history.yaml"


@dataclass(frozen=True)
class Loaded:
    """How many rows a run added; all zero if everything was already there."""

    organisations: int
    editions: int
    outcomes: int
    countries: int

    def __bool__(self) -> bool:
        return any(astuple(self))


def read_history() -> dict[str, Any]:
    """The facts as the file has them."""
    facts: dict[str, Any] = yaml.safe_load(HISTORY.read_text(encoding="utf-8"))
    return facts


def load_history(session: Session, actor: Actor, now: datetime) -> Loaded:
    """Add the past editions, their organisations and outcomes, and say how many of each were new.

    Existing rows are left unchanged, even where they differ: somebody may have corrected them. A second run
    therefore changes nothing and leaves nothing in the audit trail.
    """
    rows, added = history_rows(read_history(), organisation_slugs(session)), {}
    # A draft of such a year is somebody's work.
    years = {edition.year for edition in all_editions(session)}
    rows["editions"] = [row for row in rows["editions"] if row["year"] not in years]
    for part in (ORGANISATIONS, EDITIONS, SERIES_PART, OUTCOMES):
        # Of the countries of an unknown edition there is one list: what is missing in it is added.
        changes = list(changes_to(session, part, rows[part.name], only_new=part is not SERIES_PART))
        for change in changes:
            part.write(session, change.row, now)
        added[part.name] = changes
    for edition in added["editions"]:
        record(session, actor, now, "edition_loaded", scope=str(edition.key))
    lists = [(before or [], after) for change in added["series"] for before, after in change.fields.values()]
    loaded = Loaded(
        organisations=len(added["organisations"]),
        editions=len(added["editions"]),
        outcomes=len(added["outcomes"]),
        countries=sum(len(after) - len(before) for before, after in lists),
    )
    if loaded:
        record(session, actor, now, "history_loaded", **vars(loaded))
    session.flush()
    return loaded
