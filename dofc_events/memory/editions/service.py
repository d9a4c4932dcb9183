"""Writes what is on record of editions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from dofc_events.conference.models import AttendingCountry, Edition, EditionOrganiser, Member, Organisation
from dofc_events.conference.queries import edition_with_record
from dofc_events.conference.rules import EditionStatus
from dofc_events.conference.service import lock_edition
from dofc_events.core.audit import Actor, record
from dofc_events.core.changes import difference, refuse_changed, write
from dofc_events.core.countries import zones_of
from dofc_events.core.db import table_of, take_turns
from dofc_events.core.errors import Refusal
from dofc_events.core.slugs import slug_for
from dofc_events.memory.editions.models import FactSource, WriteUp
from dofc_events.memory.editions.queries import (
    countries_of_unknown_edition,
    edition_rows,
    ids_by_slug,
    named_in_edition,
    organisation_rows,
    organisation_slugs,
    series_rows,
    sources_of,
    write_up_of,
)
from dofc_events.memory.editions.rules import (
    CLOCKS,
    COLUMNS,
    DAYS,
    FIELDS,
    ORGANISATION,
    REQUIRED,
    SERIES,
    fault_in_days,
)
from dofc_events.memory.queries import Change, Part
from dofc_events.memory.rules import Fault, FaultKind, Row

# Facts that are columns of the edition's table.
PLAIN_FACTS = ("city", "country", "venue", *DAYS, "attendance_at_least", "speakers", "had_learning_trips")


class StillInUse(Refusal):
    """The edition is not archived: what delegates rely on is changed among its settings, and told."""


class DaysInDisorder(Refusal):
    """The days of an edition contradict each other, or its year; `kind` says which."""

    def __init__(self, kind: FaultKind) -> None:
        super().__init__(kind)
        self.kind = kind


def write_up(session: Session, edition_id: int, text: str, actor: Actor, now: datetime, *, seen: str) -> bool:
    """Make what is written of an edition, which was `seen`, this text, and say whether it was another one.

    Of an archived edition too: that is when it is written up.
    """
    edition = lock_edition(session, edition_id)
    before = write_up_of(session, edition_id)
    refuse_changed(seen, before)
    if text == before:
        return False
    _set_write_up(session, edition_id, text)
    record(session, actor, now, "write_up_changed", scope=str(edition.year), changes={"write_up": [before, text]})
    session.flush()
    return True


@dataclass(frozen=True, kw_only=True)
class EditionFacts:
    """What is on record of an edition, each fact of FACTS; organisations by their names. None is not known.

    `sources` say where a fact is known from.
    """

    city: str
    country: str
    venue: str | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    organisers: tuple[str, ...] = ()
    proposed_by: str | None = None
    attendance_at_least: int | None = None
    speakers: int | None = None
    had_learning_trips: bool | None = None
    countries: tuple[str, ...] = ()
    sources: Mapping[str, str] = field(default_factory=dict)


def facts_of(session: Session, year: int) -> EditionFacts | None:
    """What is on record of the edition of a year."""
    edition = edition_with_record(session, year)
    if edition is None:
        return None
    return EditionFacts(
        **{name: getattr(edition, name) for name in PLAIN_FACTS},
        organisers=tuple(organisation.name for organisation in edition.organisers),
        proposed_by=edition.proposed_by.name if edition.proposed_by else None,
        countries=tuple(row.country for row in edition.countries),
        sources=sources_of(session, edition.id),
    )


def change_facts(
    session: Session, edition_id: int, facts: EditionFacts, actor: Actor, now: datetime, *, seen: EditionFacts
) -> bool:
    """Make what is on record of an edition, which was `seen`, these facts, and say whether any was different.

    Organisations that nobody knows by their names are added. Raises StillInUse, and DaysInDisorder.
    """
    edition = lock_edition(session, edition_id)
    if edition.status != EditionStatus.ARCHIVED:
        raise StillInUse(str(edition.year))
    session.expire(edition)
    refuse_changed(seen, facts_of(session, edition.year))
    changes = difference(_as_told(seen), _as_told(facts))
    if not changes:
        return False
    if changes.keys() & {*DAYS} and (fault := fault_in_days(edition.year, facts.starts_on, facts.ends_on)):
        raise DaysInDisorder(fault[1])
    slugs = slugs_of_organisations(session, [*facts.organisers, *filter(None, [facts.proposed_by])])
    ids = ids_by_slug(session, slugs.values())
    write(edition, {name: getattr(facts, name) for name in PLAIN_FACTS})
    edition.proposed_by_id = ids[slugs[facts.proposed_by]] if facts.proposed_by else None
    _set_organisers(session, edition.id, [ids[slugs[name]] for name in facts.organisers])
    _set_countries(session, edition.id, facts.countries)
    _set_sources(session, edition.id, facts.sources)
    record(session, actor, now, "facts_changed", scope=str(edition.year), changes=changes)
    session.flush()
    return True


def _as_told(facts: EditionFacts) -> dict[str, Any]:
    """The facts as the trail has them."""
    sources = "; ".join(f"{fact}: {source}" for fact, source in sorted(facts.sources.items()))
    return {**vars(facts), "countries": sorted(set(facts.countries)), "sources": sources}


def set_countries_of_unknown_edition(
    session: Session, codes: Sequence[str], actor: Actor, now: datetime, *, seen: Sequence[str]
) -> bool:
    """Let these be the countries that people came from to an edition that no source names; False if they are."""
    take_turns(session)
    before, after = countries_of_unknown_edition(session), sorted(set(codes))
    refuse_changed(list(seen), before)
    if before == after:
        return False
    _set_countries(session, None, after)
    record(session, actor, now, "countries_of_unknown_edition_changed", changes={"countries": [before, after]})
    session.flush()
    return True


def faults_in_series(session: Session, changes: Sequence[Change]) -> list[Fault]:
    """What would be wrong after these changes with when editions were, or with their numbers in the series."""
    changed = [change for change in changes if change.part is EDITIONS]
    numbers = dict(session.execute(select(Edition.year, Edition.ordinal)).all()) if changed else {}
    numbers |= {change.row["year"]: change.row.get("ordinal") for change in changed}
    faults, same = [], {}
    for change in changed:
        when = [_value(name, change.row.get(name)) for name in (*DAYS, *CLOCKS)]
        if change.fields.keys() & {*DAYS, *CLOCKS} and (fault := fault_in_days(change.row["year"], *when)):
            faults.append(Fault(fault[1], f"editions {change.key}: {fault[0]}"))
        if "ordinal" in change.fields and (number := change.row.get("ordinal")):
            same[number] = [str(year) for year in sorted(numbers) if numbers[year] == number]
    where = [f"editions {', '.join(years)}: ordinal" for years in same.values() if len(years) > 1]
    return faults + [Fault(FaultKind.SAME_NUMBER, one) for one in where]


def slugs_of_organisations(session: Session, names: Sequence[str]) -> dict[str, str]:
    """The slugs of organisations by their names; those that nobody knows by that name are added."""
    known = organisation_slugs(session)
    found: dict[str, str] = {}
    for name in names:
        key = " ".join(name.casefold().split())
        if key not in known:
            known[key] = slug_for(name, set(known.values()), otherwise="organisation")
            session.add(Organisation(slug=known[key], name=name))
        found[name] = known[key]
    session.flush()
    return found


def _write_organisation(session: Session, row: Row, now: datetime) -> None:
    found = session.scalar(select(Organisation).where(Organisation.slug == row["slug"]))
    organisation = found or Organisation(slug=row["slug"])
    organisation.name, organisation.country = row["name"], row.get("country")
    organisation.is_demo = row.get("is_demo", False)
    session.add(organisation)
    session.flush()
    if row.get("is_member") or row.get("is_former_member"):
        member = session.get(Member, organisation.id) or Member(organisation_id=organisation.id)
        member.is_active, member.website = bool(row.get("is_member")), row.get("website", "")
        session.add(member)
        session.flush()


def _write_edition(session: Session, row: Row, now: datetime) -> None:
    """An edition that is new comes as what it is by then: a record."""
    found = session.scalar(select(Edition).where(Edition.year == row["year"]))
    edition = found or Edition(year=row["year"], status=EditionStatus.ARCHIVED)
    row = {"zone": _clock_of(row["country"]), **row}
    for name in COLUMNS:
        setattr(edition, name, _value(name, row.get(name)))
    organisations = ids_by_slug(session, [slug for _part, slug in named_in_edition(row)])  # type: ignore[misc]
    edition.proposed_by_id = organisations.get(row.get("proposed_by", ""))
    session.add(edition)
    session.flush()
    _set_organisers(session, edition.id, [organisations[slug] for slug in row.get("organisers", ())])
    _set_countries(session, edition.id, row.get("countries", ()))
    _set_write_up(session, edition.id, row.get("write_up", ""))
    _set_sources(session, edition.id, row.get("sources", {}))
    session.flush()
    session.expire(edition)


def _write_series(session: Session, row: Row, now: datetime) -> None:
    _set_countries(session, None, row.get("countries_edition_unknown", ()))
    session.flush()


def _value(name: str, value: Any) -> Any:
    """What a row says, as the column holds it."""
    if value is None:
        return False if name == "is_demo" else None if table_of(Edition).c[name].nullable else ""
    if name in DAYS:
        return date.fromisoformat(value)
    return time.fromisoformat(value) if name in CLOCKS else value


def _clock_of(country: str) -> str:
    """The zone of a country that has only one: that is geography, and needs no source."""
    zones = zones_of(country)
    return zones[0] if len(zones) == 1 else "UTC"


def _set_organisers(session: Session, edition_id: int, organisation_ids: Sequence[int]) -> None:
    """Let these organisations be an edition's organisers, in this order."""
    session.execute(delete(EditionOrganiser).where(EditionOrganiser.edition_id == edition_id))
    session.add_all(
        EditionOrganiser(edition_id=edition_id, organisation_id=organisation_id, position=position)
        for position, organisation_id in enumerate(dict.fromkeys(organisation_ids))
    )


def _set_countries(session: Session, edition_id: int | None, codes: Sequence[str]) -> None:
    session.execute(delete(AttendingCountry).where(AttendingCountry.edition_id.is_not_distinct_from(edition_id)))
    session.add_all(AttendingCountry(edition_id=edition_id, country=code) for code in sorted(set(codes)))


def _set_write_up(session: Session, edition_id: int, text: str) -> None:
    present = session.get(WriteUp, edition_id)
    if present and not text:
        session.delete(present)
    elif text:
        session.merge(WriteUp(edition_id=edition_id, text=text))


def _set_sources(session: Session, edition_id: int, sources: Mapping[str, str]) -> None:
    """Let these be the sources of an edition's facts."""
    session.execute(delete(FactSource).where(FactSource.edition_id == edition_id))
    session.add_all(FactSource(edition_id=edition_id, fact=fact, source=source) for fact, source in sources.items())


def _in_order(before: Row, row: Row) -> Row:
    """What a row leaves out stays unchanged; countries are kept in the order of their codes, whatever the file has."""
    whole = {**before, **row}
    return {**whole, "countries": sorted(set(whole.get("countries") or ()))}


def _more_countries(before: Row, row: Row) -> Row:
    """Add countries; only a person can say which of them is wrong, or which edition it belongs to."""
    every = {*before.get("countries_edition_unknown", ()), *row.get("countries_edition_unknown", ())}
    return {"countries_edition_unknown": sorted(every)}


ORGANISATIONS = Part(
    name="organisations",
    fields=ORGANISATION,
    required=("slug", "name"),
    key=lambda row: str(row["slug"]),
    rows=organisation_rows,
    write=_write_organisation,
)
EDITIONS = Part(
    name="editions",
    fields=FIELDS,
    required=REQUIRED,
    key=lambda row: int(row["year"]),
    rows=edition_rows,
    write=_write_edition,
    refers=named_in_edition,
    merged=_in_order,
    year=lambda row: int(row["year"]),
)
SERIES_PART = Part(
    name="series",
    fields=SERIES,
    required=("countries_edition_unknown",),
    key=lambda row: "series",
    rows=series_rows,
    write=_write_series,
    merged=_more_countries,
)
