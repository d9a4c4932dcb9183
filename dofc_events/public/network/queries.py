"""What each organisation did in the network, and who is a member of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from dofc_events.conference.models import Edition, EditionOrganiser, Member, Organisation
from dofc_events.conference.rules import EditionStatus
from dofc_events.core.order import sort_key
from dofc_events.memory.outcomes.models import Outcome, Party


@dataclass
class Part:
    """An organisation with what it hosted, proposed and signed, each in the order of the years."""

    organisation: Organisation
    member: Member | None = None
    hosted: list[Edition] = field(default_factory=list)
    proposed: list[Edition] = field(default_factory=list)
    signed: list[Outcome] = field(default_factory=list)

    @property
    def did_something(self) -> bool:
        return bool(self.hosted or self.proposed or self.signed)


def parts_of_organisations(session: Session) -> list[Part]:
    """Active members, and organisations that hosted, proposed or signed something that is over; by name."""
    parts = {one.id: Part(one) for one in session.scalars(select(Organisation))}
    for member in session.scalars(select(Member).where(Member.is_active.is_(True))):
        parts[member.organisation_id].member = member
    public = select(Edition).where(Edition.status != EditionStatus.DRAFT).order_by(Edition.year)
    editions = {edition.id: edition for edition in session.scalars(public)}
    for edition in editions.values():
        if edition.proposed_by_id:
            parts[edition.proposed_by_id].proposed.append(edition)
    hosts = session.execute(select(EditionOrganiser.edition_id, EditionOrganiser.organisation_id))
    for edition_id, organisation_id in sorted(map(tuple, hosts)):
        if edition_id in editions:
            parts[organisation_id].hosted.append(editions[edition_id])
    for organisation_id, outcome in _signed(session):
        parts[organisation_id].signed.append(outcome)
    for part in parts.values():
        part.hosted.sort(key=lambda edition: edition.year)
    shown = [part for part in parts.values() if part.member or part.did_something]
    return sorted(shown, key=lambda part: sort_key(part.organisation.name))


def _signed(session: Session) -> Sequence[tuple[int, Outcome]]:
    """Who signed which outcome: the one place that knows how signatories are kept."""
    rows = select(Party.organisation_id, Outcome).join(Outcome, Outcome.id == Party.outcome_id).join(Outcome.edition)
    signed = rows.where(Party.has_signed, Party.organisation_id.is_not(None))
    public = signed.where(Outcome.is_published, Edition.status != EditionStatus.DRAFT).distinct()
    ordered = session.execute(public.order_by(Outcome.year, Outcome.id))
    return [(organisation_id, outcome) for organisation_id, outcome in ordered if organisation_id]
