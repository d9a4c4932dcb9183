"""`flask memory`: out, and back into an empty system, byte for byte; and what a history file changes."""

import json
import zipfile
from datetime import date

import pytest
from sqlalchemy import select

from dofc_events.conference.models import Edition
from dofc_events.conference.queries import edition_by_year
from dofc_events.core import files
from dofc_events.core.audit import COMMAND
from dofc_events.core.clock import now
from dofc_events.core.db import db
from dofc_events.memory.archive.rules import HEAD
from dofc_events.memory.editions.service import write_up
from dofc_events.memory.figures.network.queries import network_in_figures
from dofc_events.memory.history.service import HISTORY, load_history
from dofc_events.memory.outcomes.models import Outcome
from dofc_events.memory.outcomes.rules import OutcomeKind, OutcomeStatus
from dofc_events.memory.outcomes.service import NoteDetails, PartyDetails, set_follow_up, set_parties
from tests.support.databases import close_connections
from tests.support.factories import NOW, make_edition, make_trip
from tests.support.memory import make_document, make_outcome, paper
from tests.support.tree import parsed

# What somebody wrote from the sources, with organisations by their names: docs/memory.md.
WRITTEN = """
series: {countries_edition_unknown: [AU, NO]}
editions:
  - {year: 2013, city: Sofia, country: BG, organisers: [Cluster House, New Cluster], countries: [RS, BG]}
outcomes:
  - {year: 2013, kind: agreement, title: Accord, signatories: [New Cluster], countries: [KR], agreed_on: 2013-10-31}
"""


def run(app, *args: object) -> tuple[int, str]:
    answer = app.test_cli_runner().invoke(args=["memory", *map(str, args)])
    return answer.exit_code, answer.output


@pytest.fixture
def filled(app, writing):
    """A site with the history, and an edition of its own with an outcome, a document and files."""
    with writing() as session:
        load_history(session, COMMAND, NOW)
        edition = make_edition(session, year=2027)
        outcome = make_outcome(session, edition, "Споразум", file=paper(), agreed_on=date(2027, 5, 20), text="## А")
        parties = [
            PartyDetails(organisation="Cluster House", has_signed=True, person="Ана", role="chair"),
            PartyDetails(country="KR"),
        ]
        set_parties(session, edition.id, outcome.slug, parties, COMMAND, NOW, seen=[])
        notes = [NoteDetails(noted_on=date(2028, 1, 1), status=OutcomeStatus.IN_FORCE, text="Since then.")]
        set_follow_up(session, edition.id, outcome.slug, notes, COMMAND, NOW, seen=[])
        make_outcome(session, edition, "Nobody has seen it", OutcomeKind.MILESTONE, published=False)
        make_document(session, edition, "Programme")
        make_document(session, edition, "Not yet", published=False)
        make_trip(session, edition, "mill", title="The mill of Užice", hosts="Mlin d.o.o.", capacity=17)
        make_trip(session, edition, "dam", cancelled_at=NOW, walking=True)
        write_up(session, edition.id, "How **it** was.", COMMAND, NOW, seen="")
    return app


@pytest.fixture
def empty(databases, database_kind, tmp_path):
    with databases.fresh(database_kind) as url:
        app = databases.site(url, tmp_path / "other")
        yield app
        with app.app_context():
            db.session.remove()
            close_connections()


def test_memory_is_the_same_bytes_after_it_was_loaded_into_an_empty_system(filled, empty, tmp_path):
    first, second = tmp_path / "first.zip", tmp_path / "second.zip"
    assert run(filled, "export", first) == (0, f"{first}: 31 rows and 3 files.\n")
    code, said = run(empty, "import", first, "--dry-run")
    assert code == 0 and "Nothing has been changed yet" in said, said
    assert run(empty, "import", first, "--dry-run") == (0, said)
    code, said = run(empty, "import", first)
    assert code == 0 and said.endswith("changes imported.\n"), said
    assert run(empty, "import", first) == (0, "Nothing to change.\n")
    assert run(empty, "export", second)[0] == 0
    assert first.read_bytes() == second.read_bytes()
    assert empty.test_cli_runner().invoke(args=["check"]).output == "Everything adds up.\n"
    names = zipfile.ZipFile(first).namelist()
    assert names[0] == HEAD and len([name for name in names if name.startswith("files/")]) == 3
    page = empty.test_client().get("/outcomes/2027-sporazum")
    assert "Ана" in page.text and "In force" in page.text
    trips = parsed(empty.test_client().get("/editions/2027/").text).select("article[id^=trip-]")
    assert [trip.select_one("h3").text for trip in trips] == ["The mill of Užice", trips[1].select_one("h3").text]
    assert "17 seats" in trips[0].text and "Mlin d.o.o." in trips[0].text
    assert "This trip has been cancelled." in trips[1].text


@pytest.mark.databases("sqlite")
def test_an_export_is_not_written_over_and_not_without_its_files(filled, tmp_path):
    path = tmp_path / "memory.zip"
    path.write_text("")
    code, said = run(filled, "export", path)
    assert code == 1 and "already exists" in said
    lost = files.path_of(filled.extensions["dofc_events"].shared, files.hash_of(paper().content))
    lost.unlink()
    code, said = run(filled, "export", tmp_path / "other.zip")
    assert code == 1 and "missing from the disk" in said
    assert [found.name for found in tmp_path.glob("other*")] == []


@pytest.mark.databases("sqlite")
def test_history_file_of_the_network_gives_its_figures_in_an_empty_system(empty, tmp_path):
    assert run(empty, "import", HISTORY)[0] == 0
    with empty.app_context():
        found = network_in_figures(db.session(), now()).figures
        assert (found.editions, found.countries, found.continents) == (7, 33, 5)


@pytest.mark.databases("sqlite")
def test_history_file_adds_what_it_says_and_leaves_the_rest(filled, reading, tmp_path):
    path = tmp_path / "history.yaml"
    path.write_text(WRITTEN, encoding="utf-8")
    _code, said = run(filled, "import", path, "--dry-run")
    organisers = '["cluster-house", "association-of-business-clusters-bulgaria"] -> ["cluster-house", "new-cluster"]'
    countries = '["AT", "BE", "BG", "CH", "DK", "ES", "HR", "HU", "MK", "RO", "RS", "TR"] -> ["BG", "RS"]'
    assert said.splitlines()[:-1] == [
        "organisations new-cluster: new",
        f"editions 2013: organisers: {organisers}",
        f"editions 2013: countries: {countries}",
        "outcomes 2013-accord: new",
    ]
    assert run(filled, "import", path)[0] == 0
    assert run(filled, "import", path) == (0, "Nothing to change.\n")
    with reading() as session:
        accord = session.scalars(select(Outcome).where(Outcome.title == "Accord")).one()
        assert (accord.year, accord.agreed_on, accord.is_published) == (2013, date(2013, 10, 31), True)
        assert edition_by_year(session, 2013).venue == "Hotel Expo"


FAULTS = {
    "editions: [{year: 2013, city: Sofia, country: XX}]": "editions 2013: country: This is not a country code",
    "editions: [{year: 2013, city: Sofia, country: BG, mayor: Ana}]": "editions 2013: mayor: This name is not known",
    "editions: [{city: Sofia, country: BG}]": "editions 1: year: This is missing",
    "editions: [{year: 2013, city: Sofia, country: BG}, {year: 2013, city: S, country: BG}]": "2013: This appears",
    "outcomes: [{year: 1999, kind: agreement, title: A}]": "outcomes 1999-a: 1999: There is no such edition",
    "outcomes: [{year: 2013, kind: treaty, title: A}]": "outcomes 2013-a: kind: This is not one of the words",
    "outcomes: [{year: 2013, kind: agreement, title: A, agreed_on: soon}]": "agreed_on: This is not a day",
    "editions: [{year: 2027, city: Elsewhere, country: BG}]": "2027: This edition is not archived",
    "editions: [": "1: The file cannot be read as YAML",
    "people: []": "neither a history nor an exported memory",
    "a: &a [&b [x, x], *b, *b]\nb: !!python/object/apply:os.system [ls]": "cannot be read as YAML",
    "outcomes: [{year: 2013, kind: agreement, title: A, parties: [1]}]": "neither a history nor an exported memory",
    # What its reader stumbles over, and what no terminal and no page can show.
    "a: !!binary aGFsbG8=": "neither a history nor an exported memory",
    "&a [*a]": "neither a history nor an exported memory",
    'editions: [{year: 2013, city: Sofia, country: BG, "\\ud800": x}]': "editions 2013: ?: This name is not known",
}


@pytest.mark.databases("sqlite")
def test_file_with_a_mistake_is_refused_as_a_whole_and_says_where(filled, reading, tmp_path):
    path = tmp_path / "history.yaml"
    for text, fault in FAULTS.items():
        path.write_text(text, encoding="utf-8")
        code, said = run(filled, "import", path)
        assert code == 1 and fault in said, (text, said)
        with reading() as session:
            assert session.scalars(select(Edition.city).where(Edition.year == 2013)).one() == "Sofia", text


@pytest.mark.databases("sqlite")
def test_archive_that_was_tampered_with_is_refused(filled, empty, tmp_path):
    path = tmp_path / "memory.zip"
    run(filled, "export", path)
    content = path.read_bytes()
    tampered = tmp_path / "tampered.zip"
    tampered.write_bytes(content.replace(paper().content[:40], b"x" * 40, 1))
    assert "file in the archive is damaged" in run(empty, "import", tampered, "--dry-run")[1]
    with zipfile.ZipFile(tampered, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(HEAD, json.dumps({"format": "dofc-memory", "version": 1}))
    assert "neither a history nor" in run(empty, "import", tampered)[1]
    with zipfile.ZipFile(tampered, "w") as without_files:
        for name in zipfile.ZipFile(path).namelist():
            if not name.startswith("files/"):
                without_files.writestr(name, zipfile.ZipFile(path).read(name))
    assert "A file of it is missing" in run(empty, "import", tampered)[1]
    tampered.write_bytes(content[:-200])
    assert "neither a history nor" in run(empty, "import", tampered)[1]
