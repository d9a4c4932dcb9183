"""A site whose files lie in a bucket: all that a directory gives it, and what happens while the storage is away."""

import sys

import pytest

from dofc_events.accounts.rules import RoleName
from dofc_events.commands.timers import run_timers
from dofc_events.commands.worker import Broom
from dofc_events.core import files
from dofc_events.core.clock import now
from dofc_events.core.db import db, unit_of_work
from dofc_events.extensions import settings
from dofc_events.memory.photographs.queries import photographs_of
from dofc_events.privacy.erasing.queries import named_files
from tests.support.databases import close_connections
from tests.support.factories import make_account, make_edition
from tests.support.objects import Storage, settings_of
from tests.support.pages import Client
from tests.support.photographs import SHOWN, make_photograph, red

pytestmark = pytest.mark.databases("sqlite")


@pytest.fixture
def storage():
    running = Storage()
    yield running
    running.stop()


@pytest.fixture
def site(databases, database_url, storage, tmp_path):
    """A site of its own, with an edition whose organiser is signed in, and with a photograph."""
    app = databases.site(database_url, tmp_path / "site", **settings_of(storage.bucket("dofc")))
    with app.app_context(), unit_of_work() as session:
        edition = make_edition(session, now=now())
        app.picture = f"/photographs/{make_photograph(session, edition, **SHOWN).largest.content_hash}.jpeg"
        account = make_account(session, role=RoleName.ORGANISER, edition=edition)
    app.organiser = Client(app, base_url="http://dofc.test").sign_in(account)
    app.page, app.edition_id = f"/organise/editions/{edition.year}/memory/photographs", edition.id
    yield app
    with app.app_context():
        close_connections()


def run(app, *args: object) -> tuple[int, str]:
    answer = app.test_cli_runner().invoke(args=[str(arg) for arg in args])
    return answer.exit_code, answer.output


def test_files_are_sent_prepared_served_backed_up_swept_and_restored(site, storage, databases, tmp_path):
    form = site.organiser.get(site.page).form("form[data-uploads]")
    form.fill(files=[("red.jpg", red())]).submit()
    with site.app_context():
        while run_timers(now()):
            pass
        assert [one.state for one in photographs_of(db.session(), site.edition_id)] == ["ready", "ready"]
        named = named_files(db.session())
        assert not (settings().instance / "files").exists()
    shown = site.organiser.get(site.picture, checked=False)
    assert (shown.status, shown.data[:3], shown.headers["Content-Length"]) == (
        200,
        b"\xff\xd8\xff",
        str(len(shown.data)),
    )
    assert run(site, "check") == (0, "Everything adds up.\n")
    assert run(site, "backup", tmp_path / "it.backup")[0] == 0
    with databases.empty("sqlite") as url:
        other = databases.site(url, tmp_path / "other", **settings_of(storage.bucket()))
        assert run(other, "restore", tmp_path / "it.backup")[0] == 0
        assert run(other, "check") == (0, "Everything adds up.\n")
        assert other.test_client().get(site.picture).data == shown.data
        with other.app_context():
            assert files.missing(settings().shared, named) == set()
            close_connections()
    with site.app_context():
        # What was sent is no longer named.
        assert files.sweep(settings().shared, named, now() + 2 * files.LEFT_ALONE) == 1


def test_while_the_storage_is_away_pages_stay_up_and_uploads_are_refused_in_words(site, storage):
    visitor = site.organiser.another()
    gallery = site.organiser.get(site.page)
    storage.stop()
    refused = gallery.form("form[data-uploads]").fill(files=[("red.jpg", red())], photographer="Ана").submit()
    assert refused.status == 503 and refused.headers["Retry-After"]
    assert "Please send it again in a minute." in refused.text
    assert refused.form("form[data-uploads]").value("photographer") == "Ана"
    assert visitor.get("/").status == 200 and visitor.get("/editions/").follow("Clusters 2").status == 200
    assert visitor.get(site.picture).h1 == "The site cannot do this right now"
    health = visitor.get("/healthz", checked=False)
    assert '"files":"unreachable"' in health.html and "files_unreachable" in health.html
    code, said = run(site, "check")
    assert code == 1 and said.startswith("files: they cannot be looked at: ")
    with site.app_context():
        run_timers(now())
        Broom().sweep(now())


def test_the_library_is_loaded_where_there_is_a_bucket_alone(databases, database_url, tmp_path, monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == "obstore" or name.endswith("core.objects")]:
        monkeypatch.delitem(sys.modules, name)
    databases.site(database_url, tmp_path / "here")
    assert "obstore" not in sys.modules
