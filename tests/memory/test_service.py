"""What leaves with the memory: every fact, but what is said below to stay. Nothing else can be forgotten."""

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import Column, select

from dofc_events.conference.members.service import add_member
from dofc_events.conference.models import AttendingCountry, EditionOrganiser
from dofc_events.core.audit import COMMAND
from dofc_events.core.db import Base
from dofc_events.memory.editions.models import FactSource, WriteUp
from dofc_events.memory.figures.service import archive
from dofc_events.memory.outcomes.models import FollowUp, Party
from dofc_events.memory.rules import in_one_line
from dofc_events.memory.service import PARTS
from tests.support.factories import NOW, make_edition, make_registration, make_trip
from tests.support.memory import make_document, make_outcome, paper
from tests.support.photographs import make_photograph

# Tables of what the network is and remembers; those of the memory are walked in any case.
CONFERENCE = {"organisations", "members", "editions", "edition_organisers", "attending_countries", "trips"}
# Whole tables that stay: they are about people, or of one system alone.
STAYS = {
    "frozen_delegates": "who came: another system has another key",
    "pseudonym_keys": "the key of these",
    "photograph_objections": "what people asked for, until organisers decide",
}
# Columns that stay, with why.
LEFT_OUT = {
    "editions": {
        "how one registers for it: it is over, or has this where it is held": (
            "registration_opens_at registration_closes_at freezes_at offer_hours confirms_places registers_at_door"
            " companions companion_category asks_questions asks_files trip_mode trips_open_at trips_close_at"
            " trips_drawn_at archived_at copied_from_id"
        ),
        "a person": "contact_name contact_email",
        "of one system": "status revision revised_at",
    },
    "trips": {
        "how one chooses it, and what people on it are told": (
            "minimum needs_dietary needs_access takes_companions revision revised_at"
        ),
    },
    "members": {"a person": "contact_name contact_email"},
    "outcomes": {"of one system": "changed_at"},
    "outcome_parties": {"the order of the list": "position"},
    "outcome_follow_up": {"the order of the list": "position"},
    "outcome_files": {"the order of the list": "position"},
    "edition_documents": {"the order of the list": "position"},
    "edition_organisers": {"the order of the list": "position"},
    "photographs": {"how it came and was prepared": "fault added_at tries taken_at"},
    "frozen_figures": {"where its people are counted": "is_final"},
}


@pytest.fixture
def everything(session):
    """One row at least of everything that is remembered."""
    edition = make_edition(session, year=2027)
    make_registration(session, edition)
    make_trip(session, edition)
    archive(session, edition.id, COMMAND, NOW + timedelta(days=400))
    member = add_member(session, "house", "House", "RS", COMMAND, NOW)
    add_member(session, "other-house", "Other house", "BG", COMMAND, NOW)
    outcome = make_outcome(session, edition, file=paper())
    outcome.parties = [Party(position=0, organisation_id=member.organisation_id), Party(position=1, country="KR")]
    outcome.follow_up = [FollowUp(position=0, noted_on=date(2028, 1, 1), text="Since then.")]
    make_document(session, edition)
    make_photograph(session, edition, published_at=NOW)
    session.add_all(
        [
            EditionOrganiser(edition_id=edition.id, organisation_id=member.organisation_id, position=0),
            AttendingCountry(edition_id=edition.id, country="DE"),
            WriteUp(edition_id=edition.id, text="How it was."),
            FactSource(edition_id=edition.id, fact="venue", source="A report"),
        ]
    )
    session.flush()
    return session


def walked() -> list[Column[Any]]:
    """Every column of what is remembered that says something by itself: not which row belongs to which."""
    modules = {str(mapper.local_table): mapper.class_.__module__ for mapper in Base.registry.mappers}
    ours = {name for name, module in modules.items() if module.startswith("dofc_events.memory.")} | CONFERENCE
    return [
        column
        for name in sorted(ours - STAYS.keys())
        for column in Base.metadata.tables[name].columns
        if not (column.name == "id" or (column.foreign_keys and not column.nullable))
    ]


def other(value: Any, column: Column[Any], session: Any) -> Any:
    """A value that the column could have instead."""
    if column.foreign_keys:
        (key,) = column.foreign_keys
        return session.scalar(select(key.column).where(key.column != (value or 0)).limit(1))
    if column.name == "record":
        return {**value, "capacity": value["capacity"] + 1}
    if value is None:
        kind = column.type.python_type
        new = {str: "x1", int: 7, bool: True, float: 7.0, date: date(2020, 2, 2), time: time(3)}
        return new.get(kind, datetime(2020, 2, 2, tzinfo=NOW.tzinfo))
    if isinstance(value, bool):
        return not value
    if isinstance(value, time):
        return value.replace(minute=59)
    if isinstance(value, datetime) and column.nullable:
        # Not when, but that something is so, is what leaves.
        return None
    if isinstance(value, date):
        return value + (timedelta(minutes=1) if isinstance(value, datetime) else timedelta(days=1))
    if isinstance(value, int | float):
        return value + 1
    return "QQ" if len(value) == 2 else f"{value[:-1]}{'1' if value[-1:] != '1' else '2'}"


@pytest.mark.databases("sqlite")
def test_every_fact_leaves_with_the_memory_unless_it_is_said_to_stay(everything):
    def left() -> str:
        everything.expire_all()
        return "\n".join(in_one_line(row) for part in PARTS for row in part.rows(everything))

    before = left()
    forgotten: list[str] = []
    leaked: list[str] = []
    for column in walked():
        table = column.table
        stays = any(column.name in names.split() for names in LEFT_OUT.get(table.name, {}).values())
        keys = list(table.primary_key)
        row = everything.execute(select(*keys, column).order_by(column.is_(None), *keys).limit(1)).one()
        here = [key == value for key, value in zip(keys, row, strict=False)]
        changed = everything.begin_nested()
        everything.execute(table.update().where(*here).values({column.name: other(row[-1], column, everything)}))
        leaves = left() != before
        changed.rollback()
        if leaves == stays:
            (leaked if stays else forgotten).append(f"{table.name}.{column.name}")
    assert (forgotten, leaked) == ([], [])
    assert left() == before


def test_what_is_said_to_stay_is_there():
    tables = Base.metadata.tables
    assert STAYS.keys() <= tables.keys()
    for name, reasons in LEFT_OUT.items():
        assert {one for names in reasons.values() for one in names.split()} <= set(tables[name].columns.keys())
