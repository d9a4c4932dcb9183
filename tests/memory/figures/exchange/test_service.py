"""Figures leave with the memory and come back the same; whoever has the file knows numbers only."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import delete

from dofc_events.conference.models import Edition
from dofc_events.core.audit import COMMAND
from dofc_events.memory.figures.exchange.rules import FIELDS, REQUIRED
from dofc_events.memory.figures.exchange.service import FIGURES
from dofc_events.memory.figures.models import FrozenDelegate, FrozenFigures
from dofc_events.memory.figures.network.queries import network_in_figures
from dofc_events.memory.figures.service import archive
from dofc_events.memory.rules import faults_of
from dofc_events.memory.service import PARTS, import_rows
from tests.support.factories import NOW, make_edition, make_question, make_registration, make_trip

LATER = NOW + timedelta(days=4000)


@pytest.fixture
def rows(session):
    """The rows of two editions; Ana was at both."""
    for number, year in enumerate((2027, 2028)):
        edition = make_edition(session, year=year, now=NOW + timedelta(days=365 * number))
        make_trip(session, edition)
        make_question(session, edition, "t-shirt")
        for name in ("ana", f"p{number}"):
            moment = NOW + timedelta(days=365 * number)
            make_registration(session, edition, email=f"{name}@dofc.test", now=moment)
        archive(session, edition.id, COMMAND, LATER)
    return {part.name: list(part.rows(session)) for part in PARTS}


def test_figures_come_back_as_they_left(session, rows):
    assert [row["edition"] for row in rows["figures"]] == [2027, 2028]
    assert [row["came_before"] for row in rows["figures"]] == [0, 1]
    for row in rows["figures"]:
        assert list(faults_of(json.loads(json.dumps(row)), FIELDS, REQUIRED, "")) == []
    before = network_in_figures(session, LATER).figures
    session.execute(delete(FrozenDelegate))
    session.execute(delete(FrozenFigures))
    assert network_in_figures(session, LATER).figures != before
    import_rows(session, rows, COMMAND, LATER)
    assert list(FIGURES.rows(session)) == rows["figures"]
    assert network_in_figures(session, LATER).figures == before
    assert import_rows(session, rows, COMMAND, LATER) == []


def test_figures_of_another_system_are_never_counted_again(session, rows):
    session.add(Edition(year=2031, city="Brno", country="CZ", status="archived"))
    session.flush()
    import_rows(session, {"figures": [{**rows["figures"][1], "edition": 2031}]}, COMMAND, LATER)
    assert [one.is_final for one in session.query(FrozenFigures).order_by(FrozenFigures.edition_id)] == [
        *(False, False, True)
    ]


def test_the_file_names_nobody(rows):
    said = json.dumps(rows["figures"])
    assert "@" not in said and "ana" not in said.lower()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("frozen_at", "yesterday"),
        ("frozen_at", "2027-01-01T12:00"),
        ("arrived", -1),
        ("countries", [{"country": "ZZ", "number": 1}]),
        ("countries", [{"country": "RS"}]),
        ("growth", ["1"]),
        ("choices", [{"answers": []}]),
        ("pseudonyms", ["0" * 16]),
    ],
)
def test_a_row_that_is_wrong_is_refused(field, value):
    row = dict.fromkeys(REQUIRED, 0) | {"edition": 2027, "frozen_at": "2027-01-01T12:00:00+00:00"}
    assert list(faults_of(row, FIELDS, REQUIRED, "")) == []
    assert list(faults_of({**row, field: value}, FIELDS, REQUIRED, ""))
