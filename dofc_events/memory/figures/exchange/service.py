"""Exports and imports frozen figures with the memory: as numbers, without the pseudonyms of the people counted."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from dofc_events.conference.models import Edition
from dofc_events.memory.figures.exchange.rules import FIELDS, REQUIRED, as_row, as_stored
from dofc_events.memory.figures.models import FrozenFigures
from dofc_events.memory.queries import Part
from dofc_events.memory.rules import Row
from dofc_events.places.queries import edition_pool


def _rows(session: Session) -> Iterator[Row]:
    found = select(FrozenFigures, Edition.year).join(Edition, Edition.id == FrozenFigures.edition_id)
    for frozen, year in session.execute(found.order_by(Edition.year)):
        at = frozen.frozen_at.isoformat()
        yield as_row(year, at, frozen.came_before, frozen.second_time, frozen.record)


def _write(session: Session, row: Row, now: datetime) -> None:
    edition_id = session.scalars(select(Edition.id).where(Edition.year == row["edition"])).one()
    frozen = session.get(FrozenFigures, edition_id) or FrozenFigures(edition_id=edition_id)
    frozen.frozen_at = datetime.fromisoformat(row["frozen_at"])
    frozen.came_before, frozen.second_time = row["came_before"], row["second_time"]
    frozen.record = as_stored(row)
    # People who were counted elsewhere can never be counted here.
    frozen.is_final = edition_pool(session, edition_id) is None
    session.add(frozen)
    session.flush()


FIGURES = Part(
    name="figures",
    fields=FIELDS,
    required=REQUIRED,
    key=lambda row: int(row["edition"]),
    rows=_rows,
    write=_write,
    refers=lambda row: [("editions", row["edition"])],
    year=lambda row: int(row["edition"]),
)
