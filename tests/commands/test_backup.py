"""`flask backup`, `flask restore`, `flask data copy`: all of it arrives, from either kind of database in either."""

import contextlib
import re
import shutil
import sqlite3
import threading
import zipfile
from datetime import timedelta

import alembic.command
import pytest
from sqlalchemy import Engine, event, inspect, select, text

from dofc_events.accounts.service import ask_for_link, issue_sign_in_link
from dofc_events.accounts.sessions import begin
from dofc_events.commands.worker import Worker
from dofc_events.core import files
from dofc_events.core.audit import COMMAND
from dofc_events.core.clock import now
from dofc_events.core.copying import contents_of, engine_for, snapshot
from dofc_events.core.db import Base, db, unit_of_work
from dofc_events.delegates.models import Registration
from dofc_events.hosting.models import Attachment
from dofc_events.mail.models import MailHold, Message
from dofc_events.privacy.erasing.queries import named_files
from tests.support.databases import KINDS, close_connections
from tests.support.factories import make_account, make_edition, make_registration, make_trip
from tests.support.hosting import make_call, make_proposal

LONG_AGO = timedelta(days=2)
LETTER = b"%PDF-1.7 a letter of support"
NAMES = ["Đorđe", "Ђорђе", "שרה"]
FILE_COLUMNS = ("content_hash", "table_hash", "source_hash")
MISSING = "a row refers to it, but it is missing"
RESTORED = {"mail_holds", "audit_entries", "browser_sessions", "sign_in_links"}


def run(app, *args: object) -> tuple[int, str]:
    answer = app.test_cli_runner().invoke(args=[str(arg) for arg in args])
    return answer.exit_code, answer.output


def everything(app) -> dict:
    with app.app_context(), snapshot(db.engine) as connection:
        return contents_of(connection)


def deliver(app) -> None:
    with app.app_context():
        Worker(threading.Event(), once=True).run_once()


@pytest.fixture
def filled(app, writing):
    """A site with people, a trip, and a proposal with a file."""
    with writing() as session:
        edition = make_edition(session, now=now(), capacity=2, year=2031)
        make_trip(session, edition)
        for name in NAMES:
            make_registration(session, edition, now=now(), given_name=name)
        attachments = [{"filename": "ж.ics", "content_type": "text/calendar", "body": "BEGIN\r\nж"}]
        session.scalars(select(Message)).first().attachments = attachments
        chair = make_account(session, email="chair@dofc.test")
        begin(session, chair.id, "Firefox", now())
        issue_sign_in_link(session, chair.id, now(), COMMAND)
        content_hash = files.hash_of(LETTER)
        files.store(app.extensions["dofc_events"].instance, LETTER, now() - LONG_AGO)
        proposal = make_proposal(session, make_call(session, now=now()), now=now())
        proposal.attachments.append(
            Attachment(content_hash=content_hash, name="a.pdf", media_type="application/pdf", size=9, added_at=now())
        )
    return app


@pytest.fixture
def other(databases, database_kind, tmp_path, smtp):
    """A site on an empty database of the other kind, which delivers mail."""
    (kind,) = set(KINDS) - {database_kind}
    with databases.empty(kind) as url:
        app = databases.site(url, tmp_path / "other", shared_dir=tmp_path / "shared", **smtp.settings())
        yield app
        with app.app_context():
            db.session.remove()
            close_connections()


@pytest.fixture
def backup(filled, tmp_path):
    """The file that `flask backup` wrote of the filled site."""
    path = tmp_path / "dofc.backup"
    code, said = run(filled, "backup", path)
    assert code == 0 and "compared" in said
    return path


@pytest.mark.databases("sqlite")
def test_a_backup_is_restored_in_the_other_kind_of_database(filled, backup, other, smtp):
    assert backup.stat().st_mode & 0o777 == 0o600 and [p.name for p in backup.parent.glob("*.part")] == []
    code, said = run(other, "restore", backup)
    assert code == 0 and "Deliver" in said
    before, restored = everything(filled), everything(other)
    assert {n: c for n, c in restored.items() if n not in RESTORED} == {
        n: c for n, c in before.items() if n not in RESTORED
    }
    # One that somebody has ended since, or a link that was used, would work again.
    assert restored["browser_sessions"].rows == restored["sign_in_links"].rows == 0 < before["browser_sessions"].rows
    path = files.path_of(other.extensions["dofc_events"].shared, files.hash_of(LETTER))
    assert path.read_bytes() == LETTER and path.stat().st_mode & 0o777 == 0o600
    assert run(other, "check") == (0, "Everything adds up.\n")
    with other.app_context(), unit_of_work() as session:
        session.execute(text("UPDATE messages SET state = 'queued'"))
        # Numbers go on after those that were restored.
        ask_for_link(session, "chair@dofc.test", now())
    deliver(other)
    assert [message["X-DofC-Kind"] for message in smtp.messages] == ["sign-in"], "who is to look can sign in"
    assert run(other, "mail", "release") == (0, "Emails are being sent again.\n")
    assert run(other, "mail", "release") == (0, "No emails were held.\n")
    deliver(other)
    assert len(smtp.messages) == before["messages"].rows + 1


def test_data_is_copied_there_and_back(filled, other, databases, database_kind, tmp_path):
    before = everything(filled)
    code, said = run(filled, "data", "copy", "--to", other.config["SQLALCHEMY_DATABASE_URI"])
    assert code == 0 and "compared" in said, said
    assert everything(other) == before
    with other.app_context():
        if db.engine.dialect.name == "postgresql":
            counted = text("SELECT reltuples FROM pg_class WHERE relname = 'registrations'")
            assert db.session.scalar(counted) == before["registrations"].rows
    # Files are moved by whoever moves the directory.
    assert run(other, "check") == (1, f"file {files.hash_of(LETTER)}: {MISSING}\n")
    with databases.fresh(database_kind) as url:
        # Migrated and empty.
        code, said = run(other, "data", "copy", "--to", url)
        assert code == 0, said
        third = databases.site(url, tmp_path / "third")
        assert everything(third) == before
        with third.app_context(), unit_of_work() as session:
            make_registration(session, make_edition(session, now=now(), year=2033), now=now())
        code, said = run(other, "data", "copy", "--to", url)
        assert code == 1 and "not empty" in said and "registrations" in said
        with third.app_context():
            with unit_of_work() as session:
                session.execute(text("UPDATE alembic_version SET version_num = '0007'"))
            code, said = run(other, "data", "copy", "--to", url)
            assert code == 1 and "at revision 0007" in said and "flask db upgrade" in said
            with unit_of_work() as session:
                session.execute(text(f"UPDATE alembic_version SET version_num = '{_revision(other)}'"))
            db.session.remove()
            close_connections()


def _revision(app) -> str:
    with app.app_context():
        found = db.session.scalar(text("SELECT version_num FROM alembic_version"))
        db.session.remove()
        return str(found)


@pytest.mark.databases("sqlite")
def test_whatever_table_names_files_a_backup_has_them_and_no_sweep_takes_them(app):
    asked = []
    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", lambda *said: asked.append(said[2]))
        named_files(db.session())
        db.session.remove()
    tables = Base.metadata.sorted_tables
    columns = [column for table in tables for column in table.columns if column.name in FILE_COLUMNS]
    assert len(columns) >= 10
    for column in columns:
        assert any(re.search(rf"\b{column.table.name}\.{column.name}\b", said) for said in asked), column


@pytest.mark.databases("sqlite")
def test_a_row_that_the_target_does_not_take_is_said_and_nothing_is_kept(filled, other, writing):
    with writing() as session:
        session.execute(text("UPDATE editions SET city = :city"), {"city": "Niš" * 100})
    code, said = run(filled, "data", "copy", "--to", other.config["SQLALCHEMY_DATABASE_URI"])
    assert code == 1 and said.startswith("Error: The target does not take a row of editions:") and "Niš" not in said
    with other.app_context():
        assert inspect(db.engine).get_table_names() == []


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("url", ["nonsense", "oracle://somewhere"])
def test_an_address_of_no_database_is_refused_in_words(app, url):
    code, said = run(app, "data", "copy", "--to", url)
    assert code == 1 and said.startswith("Error: This is no address")


def test_a_backup_is_of_one_moment_however_much_is_written_meanwhile(filled, writing):
    before = everything(filled)
    with filled.app_context(), snapshot(db.engine) as connection:
        connection.execute(select(Registration.id)).all()
        with writing() as session:
            make_registration(session, make_edition(session, now=now(), year=2034), now=now())
        assert contents_of(connection) == before
    assert everything(filled) != before


@pytest.mark.databases("sqlite")
def test_what_is_compared_tells_one_changed_word(filled, writing):
    before = everything(filled)
    with writing() as session:
        session.execute(text("UPDATE registrations SET organisation = 'Another' WHERE id = 1"))
    assert {table for table, found in everything(filled).items() if found != before[table]} == {"registrations"}


@pytest.mark.databases("sqlite")
def test_nothing_is_swept_while_a_backup_is_made(tmp_path):
    """A file that was removed and swept between the two copies was missing after a restore."""
    files.store(tmp_path, LETTER, now() - LONG_AGO)
    with files.unswept(tmp_path):
        assert files.sweep(tmp_path, [], now()) == 0
        assert files.read(tmp_path, files.hash_of(LETTER)) == LETTER
    assert files.sweep(tmp_path, [], now()) == 1


@pytest.mark.databases("sqlite")
def test_the_command_keeps_sweeps_away_and_refuses_a_file_that_is_not_what_its_name_says(filled, tmp_path):
    shared = filled.extensions["dofc_events"].shared

    def sweep(*args: object) -> None:
        files.sweep(shared, [], now())

    event.listen(Engine, "before_cursor_execute", sweep)
    try:
        code, said = run(filled, "backup", tmp_path / "swept.backup")
    finally:
        event.remove(Engine, "before_cursor_execute", sweep)
    assert code == 0 and "missing" not in said
    files.path_of(shared, files.hash_of(LETTER)).write_bytes(b"damaged")
    code, said = run(filled, "backup", tmp_path / "damaged.backup")
    assert code == 1 and said == f"Error: The file {files.hash_of(LETTER)} in it is damaged.\n"
    assert not [*tmp_path.glob("damaged*")]


@pytest.mark.databases("sqlite")
def test_what_is_no_backup_or_damaged_is_refused_and_nothing_is_kept(filled, backup, databases, tmp_path):
    assert run(filled, "backup", backup)[1] == f"Error: {backup} already exists: choose another name.\n"
    code, said = run(filled, "restore", backup)
    assert code == 1 and "not empty" in said
    with databases.empty("sqlite") as url:
        target = databases.site(url, tmp_path / "target")
        damaged_ones = _cut(backup), _with_byte_changed(backup, LETTER), _with_another_file(backup), _other(backup)
        for damaged in damaged_ones:
            code, said = run(target, "restore", damaged)
            assert code == 1 and said.startswith("Error:") and len(said.splitlines()) == 1
        code, said = run(target, "restore", _of_revision(backup))
        assert code == 1 and "later version" in said
        with target.app_context():
            assert db.session.scalars(text("SELECT name FROM sqlite_master")).all() == []
            db.session.remove()


@pytest.mark.databases("sqlite")
def test_a_backup_of_an_earlier_version_is_upgraded(filled, backup, databases, tmp_path):
    earlier = _of_revision(backup, downgrade_of=filled)
    with databases.empty("sqlite") as url:
        target = databases.site(url, tmp_path / "target")
        code, said = run(target, "restore", earlier)
        assert code == 0, said
        assert everything(target)["registrations"] == everything(filled)["registrations"]
        assert run(target, "check")[0] == 0
        with target.app_context():
            assert db.session.scalars(select(MailHold)).one()
            db.session.remove()


@pytest.mark.databases("sqlite")
def test_a_backup_says_what_is_missing_from_the_disk(filled, tmp_path):
    shutil.rmtree(filled.extensions["dofc_events"].instance / "files")
    code, said = run(filled, "backup", tmp_path / "less.backup")
    assert code == 0 and f"file {files.hash_of(LETTER)}: a row refers to it, but it is missing" in said


def _cut(backup):
    path = backup.with_name("cut")
    path.write_bytes(backup.read_bytes()[:-100])
    return path


def _with_byte_changed(backup, content: bytes):
    path = backup.with_name("changed")
    packed = backup.read_bytes()
    assert content in packed
    path.write_bytes(packed.replace(content, content[:-1] + b"!"))
    return path


def _with_another_file(backup):
    """Packed anew, so that the archive itself is sound."""
    path = backup.with_name("sound")
    with zipfile.ZipFile(backup) as archive, zipfile.ZipFile(path, "w") as changed:
        for name in archive.namelist():
            changed.writestr(name, b"another" if name.startswith("files/") else archive.read(name))
    return path


def _other(backup):
    path = backup.with_name("other.zip")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme", "nothing")
    return path


def _of_revision(backup, downgrade_of=None):
    """The same backup, as a later version would have written it; or the one before, with a site's migrations."""
    path, database = backup.with_name("another.backup"), backup.with_name("another.sqlite")
    with zipfile.ZipFile(backup) as archive, zipfile.ZipFile(path, "w") as changed:
        database.write_bytes(archive.read("dofc.sqlite"))
        if downgrade_of:
            with downgrade_of.app_context(), engine_for(f"sqlite:///{database}") as engine:
                config = downgrade_of.extensions["migrate"].migrate.get_config()
                config.attributes["engine"] = engine
                alembic.command.downgrade(config, "-1")
        else:
            with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as connection:
                connection.execute("UPDATE alembic_version SET version_num = '9999'")
        changed.write(database, "dofc.sqlite")
        for name in archive.namelist():
            if name != "dofc.sqlite":
                changed.writestr(name, archive.read(name))
    return path
