"""What a file may say of learning trips, and of which trips it may say nothing new."""

import json

import pytest

from dofc_events.core.audit import COMMAND
from dofc_events.memory.figures.service import archive
from dofc_events.memory.rules import FileRefused, faults_of
from dofc_events.memory.service import import_rows
from dofc_events.memory.trips.rules import FIELDS, REQUIRED
from dofc_events.memory.trips.service import TRIPS
from tests.support.factories import NOW, make_edition, make_registration, make_trip

pytestmark = pytest.mark.databases("sqlite")

BEGIN, END = "2027-05-20T08:00:00+00:00", "2027-05-20T12:00:00+00:00"
WINE = {"edition": 2027, "slug": "wine", "title": "Wine", "lasts": {"from": BEGIN, "until": END}}


def test_trips_of_an_archived_edition_are_added_changed_and_put_in_order(session):
    edition = make_edition(session, year=2027, status="archived")
    make_trip(session, edition, "mill", position=1)
    import_rows(session, {"trips": [{**WINE, "capacity": 30, "bring": "Boots"}]}, COMMAND, NOW)
    first, second = TRIPS.rows(session)
    assert (first["slug"], first["capacity"], first["bring"], second["slug"]) == ("wine", 30, "Boots", "mill")
    import_rows(session, {"trips": [{**WINE, "position": 2, "is_cancelled": True}]}, COMMAND, NOW)
    second, first = TRIPS.rows(session)
    assert (first["slug"], first["capacity"], first["is_cancelled"], first["bring"]) == ("wine", 30, True, "Boots")
    assert import_rows(session, {"trips": [json.loads(json.dumps(first))]}, COMMAND, NOW) == []


def test_trips_of_an_edition_in_use_are_left_to_its_organisers(session):
    make_edition(session, year=2027)
    with pytest.raises(FileRefused, match="not_archived 2027 wine"):
        import_rows(session, {"trips": [WINE]}, COMMAND, NOW)


def test_time_and_seats_of_a_trip_stay_where_somebody_has_a_seat(session):
    edition = make_edition(session, year=2027)
    make_trip(session, edition, "wine")
    make_registration(session, edition, trips=("wine",))
    archive(session, edition.id, COMMAND, NOW)
    (row,) = TRIPS.rows(session)
    for change in ({"capacity": 1}, {"is_cancelled": True}, {"lasts": WINE["lasts"]}):
        with pytest.raises(FileRefused, match="seats_given 2027 wine"):
            import_rows(session, {"trips": [{**row, **change}]}, COMMAND, NOW)
    assert len(import_rows(session, {"trips": [{**row, "description": "As it was."}]}, COMMAND, NOW)) == 1


@pytest.mark.parametrize(
    ("field", "value", "kind"),
    [
        ("slug", "w" * 61, "too_long"),
        ("slug", "../wine", "not_text"),
        ("capacity", -1, "not_a_number"),
        ("lasts", {"from": BEGIN}, "missing"),
        ("lasts", {"from": END, "until": BEGIN}, "ends_first"),
        ("lasts", {"from": "2027-05-20T08:00", "until": "2027-05-20T12:00"}, "not_a_moment"),
        ("lasts", {"from": "0001-01-01T00:00:00+14:00", "until": END}, "not_a_moment"),
        ("delegates", ["Ana"], "unknown_key"),
    ],
)
def test_a_row_that_is_wrong_is_refused(field, value, kind):
    assert list(faults_of(WINE, FIELDS, REQUIRED, "")) == []
    assert kind in {fault.kind for fault in faults_of({**WINE, field: value}, FIELDS, REQUIRED, "")}
