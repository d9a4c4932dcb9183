"""The network in figures, computed from what is known of each edition; the same few queries however many there are."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from dofc_events.conference.models import AttendingCountry, Edition
from dofc_events.conference.rules import EditionStatus
from dofc_events.memory.figures.models import FrozenFigures
from dofc_events.memory.figures.network.rules import EditionInFigures, Network, attendance_of
from dofc_events.memory.figures.queries import holds
from dofc_events.memory.figures.rules import from_stored
from dofc_events.memory.outcomes.models import Outcome


def network_in_figures(session: Session, now: datetime) -> Network:
    """The editions whose days have passed, in their order. Demonstrations, drafts and what is to come do not count."""
    public = session.scalars(
        select(Edition).where(Edition.status != EditionStatus.DRAFT, Edition.is_demo.is_(False)).order_by(Edition.year)
    )
    return _in_figures(session, [edition for edition in public if edition.is_past(now)])


def past_in_figures(
    session: Session, past: Sequence[Edition], now: datetime
) -> tuple[dict[int, EditionInFigures], Network]:
    """What is known of all `past` editions, by edition; and of it `network_in_figures`, without reading it again."""
    known = _in_figures(session, past)
    counted = {edition.id for edition in past if edition.is_past(now) and not edition.is_demo}
    ours = sorted((one for one in known.editions if one.edition_id in counted), key=lambda one: one.year)
    return {one.edition_id: one for one in known.editions}, replace(known, editions=ours)


def editions_in_figures(session: Session, editions: Sequence[Edition]) -> dict[int, EditionInFigures]:
    """What is known of these editions, by edition; also of demonstrations."""
    return {one.edition_id: one for one in _in_figures(session, editions).editions}


def edition_in_figures(session: Session, edition: Edition) -> EditionInFigures:
    """What is known of one edition, also of a demonstration."""
    return _in_figures(session, [edition]).editions[0]


def _in_figures(session: Session, editions: Sequence[Edition]) -> Network:
    ids = [edition.id for edition in editions]
    stated: dict[int | None, set[str]] = {}
    for edition_id, country in session.execute(select(AttendingCountry.edition_id, AttendingCountry.country)):
        stated.setdefault(edition_id, set()).add(country)
    # Of the first edition that was counted nobody can tell who had come before; to the network a demonstration is none.
    earlier, counted = aliased(Edition), aliased(FrozenFigures)
    is_before = earlier.year < Edition.year, or_(Edition.is_demo, ~earlier.is_demo)
    compared = exists().where(earlier.id == counted.edition_id, *is_before)
    rows = select(FrozenFigures, compared).join(Edition, Edition.id == FrozenFigures.edition_id)
    frozen = {
        one.edition_id: (one, is_compared)
        for one, is_compared in session.execute(rows.where(Edition.id.in_(ids), holds()))
    }
    ours = select(Outcome.edition_id, func.count()).where(Outcome.edition_id.in_(ids), Outcome.is_published)
    outcomes = dict(session.execute(ours.group_by(Outcome.edition_id)).all())
    found = []
    for edition in editions:
        # Nobody came to one that was called off.
        kept, is_compared = (None, False) if edition.was_called_off else frozen.get(edition.id, (None, False))
        record = from_stored(edition.year, kept.came_before, kept.record) if kept else None
        figures = record.figures if record else None
        countries = stated.get(edition.id, set()) | {code for code, _number in (figures.countries if figures else ())}
        found.append(
            EditionInFigures(
                edition_id=edition.id,
                year=edition.year,
                city=edition.city,
                country=edition.country,
                attendance=attendance_of(figures.total if figures else None, edition.attendance_at_least),
                countries=frozenset(countries) or None,
                outcomes=outcomes.get(edition.id, 0),
                returning=kept.came_before if kept and is_compared else None,
                second_time=kept.second_time if kept else 0,
                record=record,
            )
        )
    return Network(found, frozenset(stated.get(None, ())))
