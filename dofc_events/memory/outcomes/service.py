"""Acts on outcomes: write, publish, take back, follow up. Of archived editions too: mostly it is done long after."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dofc_events.conference.models import Edition
from dofc_events.conference.service import lock_edition
from dofc_events.core import files
from dofc_events.core.audit import Actor, record
from dofc_events.core.changes import refuse_changed, write
from dofc_events.core.errors import Refusal
from dofc_events.extensions import settings
from dofc_events.memory.editions.queries import ids_by_slug
from dofc_events.memory.editions.service import slugs_of_organisations
from dofc_events.memory.models import NewFile
from dofc_events.memory.outcomes.models import FollowUp, Outcome, OutcomeFile, Party
from dofc_events.memory.outcomes.queries import (
    outcome_of,
    slugs_taken,
)
from dofc_events.memory.outcomes.rules import (
    MAX_FILES,
    OutcomeKind,
    OutcomeStatus,
    outcome_slug,
)
from dofc_events.memory.rules import TooManyFiles


class NoSuchOutcome(Refusal):
    """The edition has no outcome of that name; another organiser may have deleted it."""


class TitleTaken(Refusal):
    """Another outcome of the edition has this title."""


class NotADraft(Refusal):
    """What is published is taken back first, and then deleted."""


@dataclass(frozen=True, kw_only=True)
class OutcomeDetails:
    """What the form of an outcome holds. Without a day its year is `year`, by default the edition's."""

    kind: OutcomeKind
    title: str
    agreed_on: date | None = None
    year: int | None = None
    addressed_to: str = ""
    text: str = ""
    first_status: OutcomeStatus | None = None
    source: str = ""


@dataclass(frozen=True, kw_only=True)
class PartyDetails:
    """Who takes part: an organisation by its name, as typed, or a country by its code; and who signed for it when."""

    organisation: str = ""
    country: str | None = None
    has_signed: bool = False
    person: str = ""
    role: str = ""
    signed_on: date | None = None


@dataclass(frozen=True, kw_only=True)
class NoteDetails:
    """What became of an outcome by a day; with a status if it has stood so since."""

    noted_on: date
    status: OutcomeStatus | None = None
    text: str


def details_of(outcome: Outcome) -> OutcomeDetails:
    """The details of an outcome as they stand."""
    return OutcomeDetails(
        kind=OutcomeKind(outcome.kind),
        title=outcome.title,
        agreed_on=outcome.agreed_on,
        year=outcome.year,
        addressed_to=outcome.addressed_to or "",
        text=outcome.text,
        first_status=OutcomeStatus(outcome.first_status) if outcome.first_status else None,
        source=outcome.source,
    )


def parties_of(outcome: Outcome) -> list[PartyDetails]:
    """Who takes part now, in their order."""
    return [
        PartyDetails(
            organisation=party.organisation.name if party.organisation else "",
            country=party.country,
            has_signed=party.has_signed,
            person=party.person,
            role=party.role,
            signed_on=party.signed_on,
        )
        for party in outcome.parties
    ]


def notes_of(outcome: Outcome) -> list[NoteDetails]:
    """What has been noted of it so far, the earliest first."""
    return [
        NoteDetails(noted_on=note.noted_on, status=OutcomeStatus(note.status) if note.status else None, text=note.text)
        for note in outcome.follow_up
    ]


def create_outcome(session: Session, edition_id: int, details: OutcomeDetails, actor: Actor, now: datetime) -> Outcome:
    """Add an outcome to an edition, as a draft that its organisers alone see. Raises TitleTaken."""
    edition = lock_edition(session, edition_id)
    _refuse_taken(session, edition_id, details.title, None)
    values = _columns(details, edition)
    slug = outcome_slug(values["year"], details.title, slugs_taken(session))
    outcome = Outcome(edition_id=edition_id, slug=slug, is_published=False, changed_at=now, **values)
    session.add(outcome)
    session.flush()
    _record(session, actor, now, "outcome_created", edition, outcome)
    return outcome


def change_outcome(
    session: Session,
    edition_id: int,
    slug: str,
    details: OutcomeDetails,
    actor: Actor,
    now: datetime,
    *,
    seen: OutcomeDetails,
) -> bool:
    """Change an outcome, which was `seen`, to these details; returns whether anything was different.

    Its address stays. Raises NoSuchOutcome and TitleTaken.
    """
    edition, outcome = _locked(session, edition_id, slug)
    refuse_changed(seen, details_of(outcome))
    _refuse_taken(session, edition_id, details.title, outcome.id)
    changes = write(outcome, _columns(details, edition))
    if changes:
        _record(session, actor, now, "outcome_changed", edition, outcome, changes=changes)
    return bool(changes)


def set_parties(
    session: Session,
    edition_id: int,
    slug: str,
    parties: Sequence[PartyDetails],
    actor: Actor,
    now: datetime,
    *,
    seen: Sequence[PartyDetails],
) -> bool:
    """Let exactly these take part in an outcome, in this order; False if they did already.

    An organisation that nobody knows by its name is added. Raises NoSuchOutcome.
    """
    edition, outcome = _locked(session, edition_id, slug)
    refuse_changed(list(seen), parties_of(outcome))
    if list(parties) == parties_of(outcome):
        return False
    before = _names(outcome)
    slugs = slugs_of_organisations(session, [party.organisation for party in parties if party.organisation])
    ids = ids_by_slug(session, slugs.values())
    outcome.parties = [
        Party(
            position=position,
            organisation_id=ids[slugs[party.organisation]] if party.organisation else None,
            country=None if party.organisation else party.country,
            has_signed=party.has_signed,
            person=party.person,
            role=party.role,
            signed_on=party.signed_on,
        )
        for position, party in enumerate(parties)
    ]
    session.flush()
    changes = {"parties": [before, _names(outcome)]}
    _record(session, actor, now, "outcome_parties_changed", edition, outcome, changes=changes)
    return True


def set_follow_up(
    session: Session,
    edition_id: int,
    slug: str,
    notes: Sequence[NoteDetails],
    actor: Actor,
    now: datetime,
    *,
    seen: Sequence[NoteDetails],
) -> bool:
    """Let exactly this be noted of an outcome; False if it was already. Raises NoSuchOutcome."""
    edition, outcome = _locked(session, edition_id, slug)
    before, ordered = notes_of(outcome), sorted(notes, key=lambda note: note.noted_on)
    refuse_changed(list(seen), before)
    if ordered == before:
        return False
    outcome.follow_up = [FollowUp(position=position, **vars(note)) for position, note in enumerate(ordered)]
    session.flush()
    changes = {"follow_up": [_as_text(before), _as_text(ordered)]}
    _record(session, actor, now, "outcome_followed_up", edition, outcome, changes=changes)
    return True


def publish_outcome(session: Session, edition_id: int, slug: str, actor: Actor, now: datetime) -> bool:
    """Show an outcome to everyone; False if it was already shown. Raises NoSuchOutcome."""
    return _show(session, edition_id, slug, actor, now, is_published=True)


def unpublish_outcome(session: Session, edition_id: int, slug: str, actor: Actor, now: datetime) -> bool:
    """Take an outcome back at once, with its files; False if it is a draft. Raises NoSuchOutcome."""
    return _show(session, edition_id, slug, actor, now, is_published=False)


def delete_outcome(session: Session, edition_id: int, slug: str, actor: Actor, now: datetime) -> None:
    """Delete a draft with all that belongs to it. Raises NoSuchOutcome, NotADraft."""
    edition, outcome = _locked(session, edition_id, slug)
    if outcome.is_published:
        raise NotADraft(slug)
    _record(session, actor, now, "outcome_deleted", edition, outcome)
    session.delete(outcome)
    session.flush()


def add_file(session: Session, edition_id: int, slug: str, file: NewFile, actor: Actor, now: datetime) -> OutcomeFile:
    """Add a checked file to an outcome, once however often it is sent. Raises NoSuchOutcome, TooManyFiles."""
    edition, outcome = _locked(session, edition_id, slug)
    content_hash = files.hash_of(file.content)
    present = next((one for one in outcome.files if one.content_hash == content_hash), None)
    if present is not None:
        return present
    if len(outcome.files) >= MAX_FILES:
        raise TooManyFiles(MAX_FILES)
    files.store(settings().shared, file.content, now)
    added = OutcomeFile(
        position=max((one.position for one in outcome.files), default=-1) + 1,
        **file.columns(),
    )
    outcome.files.append(added)
    _record(session, actor, now, "outcome_file_added", edition, outcome, name=file.title)
    return added


def remove_file(session: Session, edition_id: int, slug: str, file_id: int, actor: Actor, now: datetime) -> bool:
    """Take a file off an outcome; False if it is not there. Its bytes go later, unless they are used elsewhere."""
    edition, outcome = _locked(session, edition_id, slug)
    file = next((one for one in outcome.files if one.id == file_id), None)
    if file is None:
        return False
    outcome.files.remove(file)
    _record(session, actor, now, "outcome_file_removed", edition, outcome, name=file.title)
    return True


def _columns(details: OutcomeDetails, edition: Edition) -> dict[str, Any]:
    year = details.agreed_on.year if details.agreed_on else details.year or edition.year
    return {**vars(details), "year": year, "addressed_to": details.addressed_to or None}


def _refuse_taken(session: Session, edition_id: int, title: str, outcome_id: int | None) -> None:
    same = select(Outcome.id).where(Outcome.edition_id == edition_id, Outcome.title == title, Outcome.id != outcome_id)
    if outcome_id is None:
        same = select(Outcome.id).where(Outcome.edition_id == edition_id, Outcome.title == title)
    if session.scalar(same) is not None:
        raise TitleTaken(title)


def _names(outcome: Outcome) -> str:
    """Who takes part, for the trail."""
    names = [party.organisation.name if party.organisation else str(party.country) for party in outcome.parties]
    return "; ".join(names)


def _locked(session: Session, edition_id: int, slug: str) -> tuple[Edition, Outcome]:
    """An outcome, under the lock of its edition: two organisers change it one after the other."""
    edition = lock_edition(session, edition_id)
    outcome = outcome_of(session, edition_id, slug)
    if outcome is None:
        raise NoSuchOutcome(slug)
    return edition, outcome


def _show(session: Session, edition_id: int, slug: str, actor: Actor, now: datetime, *, is_published: bool) -> bool:
    edition, outcome = _locked(session, edition_id, slug)
    if outcome.is_published == is_published:
        return False
    outcome.is_published = is_published
    _record(session, actor, now, "outcome_published" if is_published else "outcome_unpublished", edition, outcome)
    return True


def _as_text(notes: Sequence[NoteDetails]) -> str:
    """What was noted, for the trail."""
    return "; ".join(f"{note.noted_on}: {note.text}" for note in notes)


def _record(
    session: Session, actor: Actor, now: datetime, act: str, edition: Edition, outcome: Outcome, **said: Any
) -> None:
    """Put on record what was done to an outcome, which its page says the day of."""
    outcome.changed_at = now
    session.flush()
    record(session, actor, now, act, scope=str(edition.year), outcome=outcome.title, **said)
