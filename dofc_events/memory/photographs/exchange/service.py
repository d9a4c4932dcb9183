"""Photographs out into a file of the memory, and in from one."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session, selectinload

from dofc_events.conference.models import Edition
from dofc_events.conference.rules import EditionStatus
from dofc_events.memory.photographs.exchange.rules import FIELDS, REQUIRED
from dofc_events.memory.photographs.models import Photograph, Rendition
from dofc_events.memory.photographs.queries import photograph_hashes
from dofc_events.memory.photographs.rules import Licence, PhotographState
from dofc_events.memory.queries import Part
from dofc_events.memory.rules import Row, said

TEXTS = ("caption", "alternative", "photographer")


def photograph_rows(session: Session) -> Iterator[Row]:
    """Every photograph that is ready, of each edition that is no draft, by year and place."""
    found = select(Photograph, Edition.year).join(Edition, Edition.id == Photograph.edition_id)
    ready = found.where(Edition.status != EditionStatus.DRAFT, Photograph.state == PhotographState.READY)
    in_order = ready.order_by(Edition.year, Photograph.position, Photograph.source_hash)
    for photograph, year in session.execute(in_order.options(selectinload(Photograph.renditions))):
        yield said(
            edition=year,
            source=photograph.source_hash,
            size=photograph.size,
            position=photograph.position,
            name=photograph.name,
            licence=str(photograph.licence),
            people_agreed=photograph.people_agreed,
            is_cover=photograph.is_cover,
            # One that somebody wants taken down is not published by whoever loads the file.
            is_published=photograph.is_public,
            sizes=[
                {
                    "format": one.format,
                    "width": one.width,
                    "height": one.height,
                    "size": one.size,
                    "hash": one.content_hash,
                }
                for one in sorted(photograph.renditions, key=lambda one: (one.format, one.width))
            ],
            **{name: getattr(photograph, name) for name in TEXTS},
        )


def _write(session: Session, row: Row, now: datetime) -> None:
    edition_id = session.scalars(select(Edition.id).where(Edition.year == row["edition"])).one()
    same = select(Photograph).where(Photograph.edition_id == edition_id, Photograph.source_hash == row["source"])
    photograph = session.scalar(same) or Photograph(edition_id=edition_id, source_hash=row["source"], added_at=now)
    photograph.state, photograph.name, photograph.size = PhotographState.READY, row["name"], row.get("size", 0)
    photograph.position, photograph.licence = row.get("position", 0), Licence(row.get("licence", Licence.RESERVED))
    photograph.people_agreed = row.get("people_agreed", False)
    for name in TEXTS:
        setattr(photograph, name, row.get(name, ""))
    if row.get("is_cover"):
        # No two are the cover at once.
        session.execute(update(Photograph).where(Photograph.edition_id == edition_id).values(is_cover=False))
    photograph.is_cover = row.get("is_cover", False)
    photograph.renditions.clear()
    session.add(photograph)
    session.flush()
    photograph.renditions = [
        Rendition(
            format=one["format"],
            width=one["width"],
            height=one["height"],
            size=one["size"],
            content_hash=one["hash"],
        )
        for one in row["sizes"]
    ]
    session.flush()
    wanted = row.get("is_published", False) and not photograph.missing
    photograph.published_at = (photograph.published_at or now) if wanted else None
    session.flush()


PHOTOGRAPHS = Part(
    name="photographs",
    fields=FIELDS,
    required=REQUIRED,
    key=lambda row: f"{int(row['edition'])} {row['source']}",
    rows=photograph_rows,
    write=_write,
    refers=lambda row: [("editions", row["edition"])],
    files_of=lambda row: [one["hash"] for one in row["sizes"]],
    named=photograph_hashes,
    year=lambda row: int(row["edition"]),
)
