"""Outcomes as rows of the memory."""

from collections.abc import Iterable, Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from dofc_events.conference.models import Edition
from dofc_events.conference.rules import EditionStatus
from dofc_events.core.changes import plain
from dofc_events.memory.outcomes.models import Outcome, Party
from dofc_events.memory.outcomes.queries import WITH_ALL
from dofc_events.memory.queries import Reference
from dofc_events.memory.rules import Row, said


def outcome_rows(session: Session) -> Iterator[Row]:
    """Every outcome of an edition that is no draft, drafts of outcomes too, in the order in which they came."""
    found = select(Outcome).join(Outcome.edition).where(Edition.status != EditionStatus.DRAFT)
    for outcome in session.scalars(found.options(*WITH_ALL).order_by(Outcome.id)):
        yield said(
            slug=outcome.slug,
            edition=outcome.edition.year,
            kind=outcome.kind,
            title=outcome.title,
            year=outcome.year,
            agreed_on=plain(outcome.agreed_on),
            addressed_to=outcome.addressed_to,
            text=outcome.text,
            status=outcome.first_status,
            source=outcome.source,
            is_published=outcome.is_published,
            parties=[party_row(party) for party in outcome.parties],
            follow_up=[
                said(noted_on=plain(note.noted_on), status=note.status, text=note.text) for note in outcome.follow_up
            ],
            files=[file.as_row() for file in outcome.files],
        )


def party_row(party: Party) -> Row:
    """A party as the memory's files have it."""
    return said(
        organisation=party.organisation.slug if party.organisation else None,
        country=party.country,
        has_signed=party.has_signed,
        person=party.person,
        role=party.role,
        signed_on=plain(party.signed_on),
    )


def named_in_outcome(row: Row) -> Iterable[Reference]:
    """The edition and the organisations that a row of an outcome names."""
    named = [party["organisation"] for party in row.get("parties", ()) if party.get("organisation")]
    return [("editions", row["edition"]), *(("organisations", slug) for slug in named)]
