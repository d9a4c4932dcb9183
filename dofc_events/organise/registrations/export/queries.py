"""Queries for files and printed lists."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import CTE, Select, String, and_, case, cast, func, null, select
from sqlalchemy.orm import Session, aliased

from dofc_events.conference.models import Category
from dofc_events.core.connecting import streamed
from dofc_events.core.countries import country_names
from dofc_events.core.order import sort_key
from dofc_events.delegates.models import Registration, Tag
from dofc_events.delegates.rules import full_name
from dofc_events.groups.models import Group, Member
from dofc_events.organise.registrations.export.rules import Need, grouped
from dofc_events.organise.registrations.queries import Order, Sort, few_of, order_of
from dofc_events.places.models import Arrival, Claim, Pool
from dofc_events.places.queries import waiting_line
from dofc_events.places.rules import ClaimStatus
from dofc_events.questions.models import Answer
from dofc_events.questions.rules import PICKED, WAITING, WAITS, Kind, OwnQuestion
from dofc_events.registration.queries import Audience, Filters, conditions, members_of
from dofc_events.trips.models import Trip
from dofc_events.web.export import Cell

# How many rows are in memory at a time.
CHUNK = 500
# Of so many people each is looked for on the waiting list; for more, all who wait are numbered.
FEW = 200
NEVER_ASKED = "none"
# What a place is that somebody registered for and has not confirmed by email.
HELD = "held"
YES_OR_NO = {True: "yes", False: "no"}

# Forms take no such signs.
BETWEEN, AFTER_EACH = "\x1f", "\x1e"

# After an option's key, and its caption in the file, of who has it and who waits for it.
MARKS = (("", ""), (WAITING, WAITS))

Row = list[Cell]


@dataclass(frozen=True)
class Catering:
    """For the caterer: how many people come, and how many of them need what. Nobody is named."""

    delegates: int
    dietary: Sequence[Need]
    access: Sequence[Need]

    @property
    def said_nothing(self) -> int:
        return self.delegates - sum(need.people for need in self.dietary)


def export_columns(trips: Sequence[Trip], questions: Sequence[OwnQuestion]) -> list[str]:
    """The names over `export_rows`. Programs rely on them: they are in docs/contract.md."""
    own = (one.field for one in questions)
    return [*_columns(position=null()), *(f"trip_{trip.slug}" for trip in trips), *own]


def export_rows(
    session: Session,
    edition_id: int,
    audience: Audience,
    *,
    order: Order,
    trips: Sequence[Trip],
    questions: Sequence[OwnQuestion],
    zone: str,
    language: str,
    link_to: Callable[[str, str], str],
) -> Iterator[Row]:
    """The rows of the filtered list, or of those picked on it, in its order.

    Times are in `zone`, countries named in `language`; `link_to` leads to a file, by reference and question's key.
    One query, so that all of it is of one moment; a chunk of its rows at a time, so that memory stays flat. Where the
    list is narrowed to few people, another one finds them first.
    """
    few = few_of(session, edition_id, audience, FEW) if audience.may_be_few else None
    line = _line(edition_id, few)
    columns = _columns(line.c.position)
    answers = _answers() if questions else null()
    query = _with_places(select(*columns.values(), _seats(), answers)).join(line, line.c.id == Claim.id)
    names, clocks = country_names(language), ZoneInfo(zone)
    ranks = {code: number for number, code in enumerate(names)} if order.by is Sort.COUNTRY else {}
    members = members_of(edition_id, audience) if few is None else [Claim.id.in_(few)]
    query = query.where(*members).order_by(*order_of(order, audience.filters, ranks))
    written: dict[str, Callable[[Any], Cell]] = {
        "country_name": names.__getitem__,
        "visa_letter": YES_OR_NO.__getitem__,
        "photo_consent": YES_OR_NO.__getitem__,
        "registered_at": lambda moment: moment.astimezone(clocks),
        "consented_at": lambda moment: moment.astimezone(clocks),
        "arrived_at": lambda moment: moment and moment.astimezone(clocks),
        "arrived_on": lambda days: " ".join(sorted(days.split())) if days else "",
        "any_trip": YES_OR_NO.__getitem__,
        "group": lambda reference: reference or "",
        "group_name": lambda name: name or "",
        "own_address": YES_OR_NO.__getitem__,
        "tags": lambda words: ", ".join(sorted(words.split(","), key=sort_key)) if words else "",
    }
    changes = [(number, written[name]) for number, name in enumerate(columns) if name in written]
    ids = [str(trip.id) for trip in trips]
    of_files = [(number, one.key) for number, one in enumerate(questions) if one.kind is Kind.FILE]
    # Closed also when whoever reads goes away: on PostgreSQL it is a cursor of the server's.
    with streamed(session, query, CHUNK) as found:
        for *row, seats, said in found:
            for number, write in changes:
                row[number] = write(row[number])
            statuses = dict(seat.split(":") for seat in seats.split()) if seats else {}
            answered = _answer_cells(questions, said)
            for number, key in of_files:
                if answered[number]:
                    answered[number] = link_to(row[0], key)
            yield row + [statuses.get(trip_id, NEVER_ASKED) for trip_id in ids] + answered


def catering_of(session: Session, edition_id: int) -> Catering:
    """The dietary and access needs of people with a confirmed place, and their number; three queries."""
    dietary, access = (
        grouped(session.execute(_confirmed(edition_id, said, func.count()).group_by(said)).all())
        for said in (Registration.dietary, Registration.access_needs)
    )
    return Catering(session.scalar(_confirmed(edition_id, func.count())) or 0, dietary, access)


def name_tags(session: Session, edition_id: int, language: str) -> Iterator[Row]:
    """What stands on the name tags of those with a confirmed place, as their names are read aloud; see TAG_COLUMNS."""
    r, names = Registration, country_names(language)
    query = _confirmed(edition_id, r.badge_name, r.given_name, r.family_name, r.organisation, r.country, Category.label)
    with streamed(session, query.order_by(r.by_name, r.id), CHUNK) as found:
        for badge_name, given_name, family_name, organisation, country, category in found:
            name = badge_name or full_name(given_name, family_name, country)
            yield [name, organisation, names[country], category]


TAG_COLUMNS = ("name", "organisation", "country_name", "category_label")


def _columns(position: Any) -> dict[str, Any]:
    """Each column of the file with what it is read from; `position` is the place on the waiting list."""
    r = Registration
    return {
        "reference": r.reference,
        "status": case((and_(Claim.is_hold, Claim.status == ClaimStatus.OFFERED), HELD), else_=Claim.status),
        "position": position,
        "given_name": r.given_name,
        "family_name": r.family_name,
        "badge_name": r.badge_name,
        "email": r.email,
        "organisation": r.organisation,
        "job_title": r.job_title,
        "country": r.country,
        "country_name": r.country,
        "phone": r.phone,
        "category": Category.slug,
        "category_label": Category.label,
        "dietary": r.dietary,
        "access_needs": r.access_needs,
        "visa_letter": r.visa_letter,
        "photo_consent": r.photo_consent,
        "language": r.language,
        "registered_at": r.registered_at,
        "consented_at": r.consented_at,
        "any_trip": r.any_trip,
        "tags": _tags(),
        "note": r.note,
        "arrived_at": Claim.used_at,
        "arrived_on": _days(),
        "group": _of_group(Group.reference),
        "group_name": _of_group(case((Group.places.is_(None), Group.contact_name), else_=Group.organisation)),
        "own_address": r.email_key.is_not(None),
    }


def _line(edition_id: int, few: Sequence[int] | None) -> CTE:
    """These claims, or all on an edition's places; those that wait with their number in line.

    Of all of them, because SQLite, which has no figures to plan by, would look through an outer join's for each row;
    and found once, because PostgreSQL, whose figures may be old, would otherwise begin anew for each row.
    """
    if few is not None:
        held = select(Claim.id, Claim.pool_id, Claim.status, Claim.position).where(Claim.id.in_(few))
        line = select(waiting_line(held.cte()))
    else:
        number = func.row_number().over(partition_by=Claim.status, order_by=Claim.position)
        position = case((Claim.status == ClaimStatus.WAITLISTED, number)).label("position")
        line = select(Claim.id, position).join(Pool, Pool.id == Claim.pool_id).where(Pool.edition_id == edition_id)
    return line.cte("line").prefix_with("MATERIALIZED")


def _tags() -> Any:
    """The tags of a registration, with commas between, which no tag has."""
    words = select(func.aggregate_strings(Tag.word, ","))
    return words.where(Tag.registration_id == Registration.id).correlate(Registration).scalar_subquery()


def _days() -> Any:
    """The days on which somebody arrived, with spaces between."""
    days = select(func.aggregate_strings(cast(Arrival.day, String), " "))
    return days.where(Arrival.claim_id == Claim.id).correlate(Claim).scalar_subquery()


def _of_group(what: Any) -> Any:
    """What is read of the group that a registration belongs to."""
    query = select(what).join(Member, Member.group_id == Group.id)
    return query.where(Member.registration_id == Registration.id).correlate(Registration).scalar_subquery()


def _seats() -> Any:
    """All that a registration ever had of seats, as `<trip's number>:<status>` with spaces between."""
    seat, pool = aliased(Claim), aliased(Pool)
    each = cast(pool.trip_id, String) + ":" + seat.status
    query = select(func.aggregate_strings(each, " ")).join(pool, pool.id == seat.pool_id)
    return query.where(seat.registration_id == Registration.id, pool.trip_id.is_not(None)).scalar_subquery()


def _answers() -> Any:
    """All that a registration answered, as question's number, option and text, with signs between that no text has.

    What somebody waits for ends with WAITING.
    """
    choice = Answer.choice + case((Answer.waits, WAITING), else_="")
    each = cast(Answer.question_id, String) + BETWEEN + choice + BETWEEN + Answer.text
    query = select(func.aggregate_strings(each, AFTER_EACH)).where(Answer.registration_id == Registration.id)
    return query.correlate(Registration).scalar_subquery()


def _answer_cells(questions: Sequence[OwnQuestion], answers: str | None) -> list[Cell]:
    """Options by their captions, numbers and days as such."""
    said: dict[str, list[str]] = {}
    for one in answers.split(AFTER_EACH) if answers else ():
        number, choice, text = one.split(BETWEEN)
        said.setdefault(number, []).append(choice or text)
    return [_answer_cell(one, said.get(str(one.id), [])) for one in questions]


def _answer_cell(question: OwnQuestion, values: list[str]) -> Cell:
    if not values:
        return ""
    if question.kind is Kind.NUMBER:
        return int(values[0])
    if question.kind is Kind.DATE:
        return date.fromisoformat(values[0])
    if question.kind in PICKED:
        said = ((option.caption + ending, option.key + mark) for option in question.options for mark, ending in MARKS)
        return ", ".join(words for words, key in said if key in values)
    return values[0]


def _with_places(query: Select[Any]) -> Select[Any]:
    query = query.select_from(Registration).join(Claim, Claim.registration_id == Registration.id)
    return query.join(Category, Category.id == Registration.category_id)


def _confirmed(edition_id: int, *columns: Any) -> Select[Any]:
    return _with_places(select(*columns)).where(*conditions(edition_id, Filters(status=ClaimStatus.CONFIRMED)))
