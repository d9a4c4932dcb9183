"""Makes outcomes what rows of the memory say."""

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from dofc_events.conference.models import Edition
from dofc_events.memory.editions.queries import ids_by_slug
from dofc_events.memory.outcomes.exchange.queries import named_in_outcome, outcome_rows, party_row
from dofc_events.memory.outcomes.models import FollowUp, Outcome, OutcomeFile, Party
from dofc_events.memory.outcomes.queries import file_hashes
from dofc_events.memory.outcomes.rules import FIELDS, REQUIRED, merged
from dofc_events.memory.queries import Part
from dofc_events.memory.rules import Row


def _write(session: Session, row: Row, now: datetime) -> None:
    edition_id = session.scalars(select(Edition.id).where(Edition.year == row["edition"])).one()
    outcome = session.scalar(select(Outcome).where(Outcome.slug == row["slug"])) or Outcome(slug=row["slug"])
    agreed_on = row.get("agreed_on")
    outcome.edition_id, outcome.kind, outcome.title, outcome.year = edition_id, row["kind"], row["title"], row["year"]
    outcome.agreed_on = date.fromisoformat(agreed_on) if agreed_on else None
    outcome.addressed_to, outcome.first_status = row.get("addressed_to"), row.get("status")
    outcome.text, outcome.source = row.get("text", ""), row.get("source", "")
    outcome.is_published, outcome.changed_at = row.get("is_published", False), now
    session.add(outcome)
    session.flush()
    ids = ids_by_slug(session, [party["organisation"] for party in row.get("parties", ()) if "organisation" in party])
    if [party_row(party) for party in outcome.parties] != row.get("parties", []):
        outcome.parties = [_party(position, party, ids) for position, party in enumerate(row.get("parties", ()))]
    outcome.follow_up = [
        FollowUp(
            position=position,
            noted_on=date.fromisoformat(note["noted_on"]),
            status=note.get("status"),
            text=note["text"],
        )
        for position, note in enumerate(row.get("follow_up", ()))
    ]
    if [file.as_row() for file in outcome.files] != row.get("files", []):
        outcome.files = []
        session.flush()
        outcome.files = [
            OutcomeFile(position=position, **OutcomeFile.from_row(file))
            for position, file in enumerate(row.get("files", ()))
        ]
    session.flush()


def _party(position: int, row: Row, ids: dict[str, int]) -> Party:
    signed_on = row.get("signed_on")
    return Party(
        position=position,
        organisation_id=ids[row["organisation"]] if "organisation" in row else None,
        country=row.get("country"),
        has_signed=row.get("has_signed", False),
        person=row.get("person", ""),
        role=row.get("role", ""),
        signed_on=date.fromisoformat(signed_on) if signed_on else None,
    )


OUTCOMES = Part(
    name="outcomes",
    fields=FIELDS,
    required=REQUIRED,
    key=lambda row: str(row["slug"]),
    rows=outcome_rows,
    write=_write,
    refers=named_in_outcome,
    merged=merged,
    files_of=lambda row: [file["hash"] for file in row.get("files", ())],
    named=file_hashes,
    year=lambda row: int(row["edition"]),
)
