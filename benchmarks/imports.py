"""What it costs to register a thousand people from a file, and for how long others who write must wait."""

import csv
import io
import time
from dataclasses import dataclass
from pathlib import Path

from dofc_events.app import create_app
from dofc_events.conference.models import Edition
from dofc_events.core.audit import Actor
from dofc_events.core.clock import now
from dofc_events.core.db import db, unit_of_work
from dofc_events.imports.forms import field_labels
from dofc_events.imports.models import ImportFile
from dofc_events.imports.queries import table_of_file
from dofc_events.imports.reading.queries import read_table
from dofc_events.imports.reading.rules import ReadAs
from dofc_events.imports.rules import guessed_matching
from dofc_events.imports.service import Kept, Matching, import_delegates, keep_file, match_columns
from dofc_events.organise.imports.shared import trial_of
from dofc_events.questions.queries import questions_of
from tests.support.crowd import make_crowd
from tests.support.databases import Databases, close_connections, settings_for, time_writing
from tests.support.factories import make_edition, make_question

OWN = ("Size?", "Dinner?", "Days?", "Arrival?")
ANSWERS = ("M", "Gala", "Monday, Tuesday", "2027-06-14")
ORGANISER = Actor("account", "organiser@dofc.test")


@dataclass(frozen=True)
class ImportCost:
    """Seconds on the clock: reading the file, the trial run of its rows, and the one transaction that writes them."""

    reading: float
    trial: float
    locked: float


def import_cost(databases: Databases, kind: str, folder: Path, rows: int, present: int) -> ImportCost:
    """The cost of a file with so many rows, at an edition that has so many registrations."""
    with databases.fresh(kind) as url:
        app = create_app(settings_for(url, folder / f"imports-{kind}"))
        with app.test_request_context():
            with unit_of_work() as session:
                edition = make_edition(session, now=now(), capacity=rows + present)
                edition_id = edition.id
                make_question(session, edition, "size", required=True)
                make_question(session, edition, "dinner", options=("Gala", "Home"), places={"gala": rows})
                make_question(session, edition, "days", "several", options=("Monday", "Tuesday"))
                make_question(session, edition, "arrival", "date")
            with unit_of_work() as session:
                make_crowd(session, session.get_one(Edition, edition_id), present, now=now())
            try:
                return _cost(edition_id, people_file(rows))
            finally:
                db.session.close()
                close_connections()


def people_file(rows: int) -> bytes:
    """A list as partners send them."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(("First name", "Surname", "E-mail", "Company", "Country", "Category", "Phone", "Diet", *OWN))
    for n in range(rows):
        name = "Ana Ivan Łucja Žofie Mehmet Ђорђе Ελένη".split()[n % 7]
        mail, phone = f"person-{n}@partner.test", f"+381 11 {1000000 + n}"
        writer.writerow((name, f"Öztürk-{n}", mail, f"Cluster {n % 40}", "Serbia", "Company", phone, "", *ANSWERS))
    return text.getvalue().encode()


def _cost(edition_id: int, content: bytes) -> ImportCost:
    started = time.perf_counter()
    table, kept = read_table(content, ReadAs())
    reading = time.perf_counter() - started
    with unit_of_work() as session:
        file_id = keep_file(session, edition_id, Kept("people.csv", content, kept), ORGANISER, now()).id
        matching = Matching(
            tuple(guessed_matching(table.header, {}, field_labels(questions_of(session, edition_id)))), {}
        )
        match_columns(session, file_id, table.header, matching)
    started = time.perf_counter()
    session = db.session()
    file = session.get_one(ImportFile, file_id)
    assert table_of_file(file) == table
    trial = trial_of(session, session.get_one(Edition, edition_id), file)
    requests = trial.requests(set(trial.seen.doubtful))
    assert len(requests) == len(table.rows), trial.failing[:3]
    trialled = time.perf_counter() - started
    with time_writing() as held, unit_of_work() as session:
        import_delegates(session, edition_id, file_id, requests, ORGANISER, now(), free=trial.free, told=True)
    return ImportCost(reading, trialled, sum(held))
