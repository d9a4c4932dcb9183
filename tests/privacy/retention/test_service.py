"""Three years by the clock: each field goes on its day, and nothing else changes."""

import itertools
import json
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from dofc_events.commands.check import faults
from dofc_events.conference.models import Edition
from dofc_events.core import files
from dofc_events.core.audit import AuditEntry
from dofc_events.core.db import db, unit_of_work
from dofc_events.delegates.models import Registration
from dofc_events.extensions import settings
from dofc_events.memory.figures.queries import figures_of
from dofc_events.privacy.erasing.queries import named_files
from dofc_events.privacy.retention.service import Keys, do_some, old_ones, tasks
from dofc_events.privacy.rules import GONE, Period
from dofc_events.privacy.service import vanish
from tests.privacy.erasing.test_service import everything, figures, found_in
from tests.privacy.people import OWN, make_person, values
from tests.support.databases import dump
from tests.support.factories import NOW, make_edition, make_registration

DAY = timedelta(days=1)


def run(at: datetime, *, stop_after: int | None = None) -> int:
    """The run as the command has it, or only so many batches of it; returns how many batches there were."""
    batches = itertools.count()
    for task in [*tasks(db.session()), *old_ones(db.session(), at)]:
        done: Keys = ()
        more = True
        while more:
            if next(batches) == stop_after:
                return stop_after
            with unit_of_work() as session:
                more = bool(done := do_some(session, task, at, done))
    vanish(db.session(), [])
    files.sweep(settings().shared, named_files(db.session()), at)
    return next(batches)


def changed(before, after) -> set[str]:
    """The columns of which any value is another one now, as table.column."""
    found = set()
    for name, rows in before.items():
        columns = [column.name for column in db.metadata.tables[name].columns]
        if len(rows) != len(after[name]):
            found.add(f"{name}: {len(rows)} → {len(after[name])}")
            continue
        pairs = (
            (c, a, b)
            for old, new in zip(rows, after[name], strict=True)
            for c, a, b in zip(columns, old, new, strict=True)
        )
        found |= {f"{name}.{column}" for column, a, b in pairs if a != b}
    return found - {"removals.number"}


def moved(app, database_url, at) -> set[str]:
    before = dump(database_url)
    run(at)
    return {one for one in changed(before, dump(database_url)) if not one.startswith("removals")}


def test_each_field_goes_on_its_day_and_nothing_else_does(app, writing, database_url):
    with writing() as session:
        person, _other = make_person(session)
        wanted, person_id, edition_id = values(person), person.id, person.edition_id
        over = session.get_one(Edition, edition_id).finishes_at()
    with app.app_context():
        before = figures(db.session(), edition_id)
        assert moved(app, database_url, over + 29 * DAY) == set()
        assert moved(app, database_url, over + 30 * DAY) == {
            "registrations.dietary",
            "registrations.access_needs",
            "registrations.phone",
            "audit_entries.details",
        }
        person = db.session().get_one(Registration, person_id)
        assert (person.dietary, person.phone, person.given_name) == ("", "", OWN["given_name"])
        said = " ".join(json.dumps(entry.details) for entry in db.session().scalars(select(AuditEntry)))
        assert "jicama" not in said
        assert "7654321" not in said
        assert moved(app, database_url, over + 89 * DAY) == set()
        assert moved(app, database_url, over + 90 * DAY) == {"registrations.visa_letter"}
        assert moved(app, database_url, over + 364 * DAY) == set()
        assert moved(app, database_url, over + 365 * DAY) == {
            f"messages.{column}" for column in ("text", "html", "attachments", "text_removed_at")
        }
        # Of no edition: when the organiser’s account was made is counted from that day.
        assert moved(app, database_url, NOW + 730 * DAY) == {"audit_entries.details"}
        assert moved(app, database_url, over + 729 * DAY) == set()
        assert figures(db.session(), edition_id) == before
        run(over + 730 * DAY)
        assert found_in(everything(app, database_url), wanted) == []
        assert figures(db.session(), edition_id) == before
        assert faults(db.session()) == []
        assert moved(app, database_url, over + 1095 * DAY) == set()
        assert all(r.given_name == GONE for r in db.session().scalars(select(Registration)))


@pytest.mark.databases("sqlite")
def test_a_run_that_is_stopped_anywhere_goes_on(app, writing, database_url):
    with writing() as session:
        person, _other = make_person(session)
        edition = session.get_one(Edition, person.edition_id)
        for _ in range(3):
            make_registration(session, edition)
        wanted, at, edition_id = values(person), edition.finishes_at() + 731 * DAY, edition.id
    with app.app_context():
        before = figures(db.session(), edition_id)
        for number in (1, 2, 3, 5, 9, 7, 4):
            run(at, stop_after=number)
            assert faults(db.session()) == []
        run(at)
        assert found_in(everything(app, database_url), wanted) == []
        assert figures(db.session(), edition_id) == before
        assert moved(app, database_url, at) == set()
        assert at > NOW


@pytest.mark.databases("sqlite")
def test_a_batch_is_looked_for_behind_the_last_one_alone(app, writing):
    with writing() as session:
        edition = make_edition(session)
        ids = [make_registration(session, edition).id for _ in range(3)]
        at = edition.finishes_at() + 731 * DAY
    with app.app_context(), unit_of_work() as session:
        (task,) = [one for one in tasks(session) if (one.period, one.kept_in) == (Period.NAMES, "registrations")]
        assert do_some(session, task, at, [(ids[0],), (ids[1],)]) == [(ids[2],)]
        assert do_some(session, task, at, [(ids[2],)]) == []
        assert do_some(session, task, at) == [(ids[0],), (ids[1],)]


@pytest.mark.databases("sqlite")
def test_who_came_before_still_counts_as_that_when_the_earlier_edition_names_nobody(app, writing):
    with writing() as session:
        first, second = make_edition(session, year=2027), make_edition(session, year=2028, now=NOW + 366 * DAY)
        make_registration(session, first, email="ana@dofc.test")
        for email in ("ana@dofc.test", "new@dofc.test"):
            make_registration(session, second, email=email, now=NOW + 366 * DAY)
        at, ids = first.finishes_at() + 731 * DAY, (first.id, second.id)
    with app.app_context():

        def returning() -> list[int]:
            return [figures_of(db.session(), db.session().get_one(Edition, id_)).returning for id_ in ids]

        assert returning() == [0, 1]
        run(at)
        assert sorted(db.session().scalars(select(Registration.email))) == ["", "ana@dofc.test", "new@dofc.test"]
        assert returning() == [0, 1]
        run(at + 366 * DAY)
        assert returning() == [0, 1]
