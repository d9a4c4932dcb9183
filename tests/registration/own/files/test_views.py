"""A delegate answers questions with files, behind the link that only an email contains; organisers see and add them."""

import csv
import io
import re

import pytest
from sqlalchemy import select

from dofc_events.commands.check import faults
from dofc_events.conference.queries import edition_by_year
from dofc_events.conference.rules import EditionStatus
from dofc_events.core import files
from dofc_events.core.audit import AuditEntry
from dofc_events.delegates.models import Registration
from dofc_events.delegates.queries import proof_of, token_of
from dofc_events.extensions import settings
from dofc_events.mail.models import Message
from dofc_events.notices.mails import already_registered
from dofc_events.notices.news.service import News
from dofc_events.notices.queries import standing_of
from dofc_events.notices.service import send, tell
from dofc_events.privacy.erasing.queries import named_files
from dofc_events.questions.models import EditionQuestion
from dofc_events.questions.queries import files_of
from dofc_events.registration import service
from tests.registration.conftest import FORM, fill
from tests.support import uploads
from tests.support.databases import count_queries
from tests.support.factories import DELEGATE, NOW, make_account, make_edition, make_question
from tests.support.letters import letters
from tests.support.pages import Client


@pytest.fixture
def edition(writing):
    """An edition that asks for a CV, which is required, and for a picture of those who come to the dinner."""
    with writing() as session:
        edition = make_edition(session, year=2027)
        make_question(session, edition, "dinner", "yes-no")
        make_question(session, edition, "cv", "file", required=True, hint="One page.")
        make_question(session, edition, "photo", "file", shown_when="dinner", shown_for=("yes",))
        make_question(session, edition, "visa", "file", organisers_only=True)
    return edition


@pytest.fixture
def ana(client, edition, reading) -> dict[str, str]:
    """Ana, who comes to the dinner: the addresses of her own page and of that behind the link in the email."""
    page = fill(client, **{"question-dinner": "yes"}).submit()
    assert page.status == 200
    with reading() as session:
        person = session.scalars(select(Registration)).one()
        proof, own = proof_of(person), token_of(person)
        return {
            "own": f"/registrations/{own}/",
            "files": f"/registrations/{proof}/files",
            "reference": person.reference,
        }


@pytest.fixture
def kept(reading):
    """The names of the files that the only registration has, by question; `flask check` is content."""

    def kept() -> dict[str, str]:
        with reading() as session:
            assert faults(session) == []
            person = session.scalars(select(Registration)).one()
            return {key: file.name for key, file in files_of(session, person.id).items()}

    return kept


def problems(page) -> list[str]:
    return [item.get_text(" ", strip=True) for item in page.all(".error-summary li")]


def test_form_says_where_the_file_is_added_and_the_email_has_the_link(client, edition, ana, reading):
    assert "You can add this file after registering" in client.another().get(FORM).text
    own = client.get(ana["own"])
    assert "Cv?: not added yet" in own.text
    asked = own.follow("Send me my link again").form().fill(email="lucja@example.org").submit()
    assert asked.status == 200
    with reading() as session:
        confirmed, sent_again = letters(session)
    for letter in (confirmed, sent_again):
        assert "The organisers ask you for: Cv?, Photo?. Add your files:" in letter.text
        assert ana["files"] in re.sub(r"=\n", "", letter.text) and ana["files"] in letter.html


def test_file_is_added_replaced_opened_and_removed_with_the_trail_and_a_message(client, ana, kept, reading):
    page = client.get(ana["files"])
    assert [tag["data-file-question"] for tag in page.all("[data-file-question]")] == ["cv", "photo"]
    assert "Still missing" in page.text
    page = page.form("form[action$='files/cv']").fill(file=("мој CV.pdf", uploads.pdf())).submit()
    assert page.status == 200 and kept() == {"cv": "мој CV.pdf"}
    form = page.form("form[action$='files/cv']").fill(file=("me.png", uploads.photograph()))
    page = form.submit()
    assert page.status == 422 and "Tick “Replace”" in page.text and kept() == {"cv": "мој CV.pdf"}
    page = form.fill(replace=True).submit()
    assert kept() == {"cv": "me.png"}
    answer = client.get(page.link("me.png"))
    assert answer.headers["Content-Security-Policy"].startswith("sandbox")
    assert client.get(client.get(ana["own"]).link("me.png")).status == 200
    # What has been added is not asked for any more.
    with reading() as session:
        assert "The organisers ask you for: Photo?. Add your files:" in letters(session)[-1].text
    page.form("files/cv/remove").submit().agree()
    assert kept() == {}
    with reading() as session:
        entries = session.scalars(select(AuditEntry).where(AuditEntry.act == "details_changed")).all()
        told = [m.text for m in session.scalars(select(Message).where(Message.kind == "registration-changed"))]
    names = [["", "мој CV.pdf"], ["мој CV.pdf", "me.png"], ["me.png", ""]]
    assert [entry.changes for entry in entries] == [{"question-cv Cv?": name} for name in names]
    assert told and "Changed: “Cv?”." in told[0]


def test_a_file_that_was_replaced_meanwhile_is_neither_removed_nor_replaced_unseen(client, ana, kept):
    page = client.get(ana["files"])
    later = page.form("form[action$='files/cv']").fill(file=("late.pdf", uploads.pdf()))
    newer = page.form("form[action$='files/cv']").fill(file=("me.png", uploads.picture())).submit()
    shown = later.submit()
    assert "this file was changed after you opened the page" in shown.text and kept() == {"cv": "me.png"}
    newer.form("form[action$='files/cv']").fill(file=("cv.pdf", uploads.pdf()), replace=True).submit()
    assert "Nothing has been changed" in newer.form("files/cv/remove").submit().text
    assert kept() == {"cv": "cv.pdf"}


def test_file_cannot_be_added_with_the_link_of_the_own_page_that_anybody_gets_who_types_an_address(client, ana, kept):
    form = client.get(ana["files"]).form("form[action$='files/cv']").fill(file=("cv.pdf", uploads.pdf()))
    form.tag["action"] = ana["own"] + "files/cv"
    assert form.submit().status == 404
    assert kept() == {}


def test_file_that_does_harm_is_refused_and_named(client, ana, kept):
    page = (
        client.get(ana["files"])
        .form("form[action$='files/cv']")
        .fill(file=("cv.pdf", uploads.pdf_that_runs()))
        .submit()
    )
    assert page.status == 422 and "contains a program" in problems(page)[0]
    page = page.form("form[action$='files/cv']").submit()
    assert page.status == 422 and problems(page) == ["Choose a file."]
    assert kept() == {}


def test_disk_that_takes_nothing_is_said_on_the_form_and_the_file_can_be_sent_again(client, ana, kept):
    form = client.get(ana["files"]).form("form[action$='files/cv']").fill(file=("cv.pdf", uploads.pdf()))
    with client.app.app_context():
        directory = settings().instance / "files"
    directory.mkdir(exist_ok=True)
    directory.rename(aside := directory.with_name("aside"))
    directory.touch()
    page = form.submit()
    assert '"files":"unreachable"' in client.another().get("/healthz", checked=False).html
    assert page.status == 503 and page.headers["Retry-After"] and "Please send it again in a minute." in page.text
    directory.unlink()
    aside.rename(directory)
    page.form("form[action$='files/cv']").fill(file=("cv.pdf", uploads.pdf())).submit()
    assert kept() == {"cv": "cv.pdf"}


def test_file_that_is_hidden_or_closed_or_for_organisers_cannot_be_added(client, ana, kept, writing):
    form = client.get(ana["files"]).form("form[action$='files/photo']")
    client.get(ana["own"] + "edit").form("edit").fill({"question-dinner": "no"}).submit()
    page = form.fill(file=("me.png", uploads.picture())).submit()
    assert "can no longer be added" in page.text
    form.tag["action"] = ana["files"] + "/visa"
    assert "can no longer be added" in form.submit().text
    with writing() as session:
        edition_by_year(session, 2027).freezes_at = NOW
    page = client.get(ana["files"])
    assert "Since 14:00, Monday 2 November 2026 (Sofia time) only the organisers can add or replace" in page.text
    assert kept() == {}


@pytest.mark.parametrize("closed", ["frozen", "closed", "archived", "cancelled"])
def test_file_that_can_no_longer_be_added_is_not_asked_for_and_the_link_says_why(client, ana, writing, closed):
    client.get(ana["files"]).form("form[action$='files/photo']").fill(file=("me.png", uploads.picture())).submit()
    with writing() as session:
        edition, person = edition_by_year(session, 2027), session.scalars(select(Registration)).one()
        if closed == "frozen":
            edition.freezes_at = NOW
        elif closed == "closed":
            for question in session.scalars(select(EditionQuestion)).all():
                question.frozen_from_on = NOW.date()
        elif closed == "archived":
            edition.status = EditionStatus.ARCHIVED
        else:
            service.cancel_registration(session, person.id, DELEGATE, NOW)
        tell(session, person.id, News(place=True), NOW)
        send(session, already_registered(standing_of(session, person.id)), NOW)
        said = [part for letter in letters(session)[-2:] for part in (letter.text, letter.html)]
    assert not [part for part in said if "ask you for" in part or "Add your files" in part]
    own = client.get(ana["own"])
    assert own.link("me.png") and "not added yet" not in own.text and "To add or replace a file" not in own.text
    words = {
        "frozen": "only the organisers can add or replace your files: write to them.",
        "closed": "“Cv?”: since Monday 2 November 2026 only the organisers",
        "archived": "The organisers have archived this edition",
        "cancelled": "This registration has been cancelled.",
    }
    page = client.get(ana["files"])
    assert words[closed] in page.text and "host@dofc.test" in page.text


def test_file_goes_with_the_answer_that_asked_for_it_and_stays_when_others_change(client, ana, kept, reading):
    page = client.get(ana["files"])
    page.form("form[action$='files/cv']").fill(file=("cv.pdf", uploads.pdf())).submit()
    client.get(ana["files"]).form("form[action$='files/photo']").fill(file=("me.png", uploads.picture())).submit()
    assert kept() == {"cv": "cv.pdf", "photo": "me.png"}
    client.get(ana["own"] + "edit").form("edit").fill({"question-dinner": "no"}).submit()
    assert kept() == {"cv": "cv.pdf"}
    with reading() as session:
        assert named_files(session) == {files.hash_of(uploads.pdf())}
        files.path_of(settings().instance, files.hash_of(uploads.pdf())).unlink()
        assert "missing" in faults(session)[0]


@pytest.mark.parametrize(
    ("setting", "said"), [("uploads_mb", "no more room"), ("uploads_mb_per_proposal", "would be too large")]
)
def test_file_beyond_a_quota_is_refused_and_not_kept(make_app, ana, kept, setting, said):
    page = Client(make_app(**{setting: 0})).get(ana["files"])
    page = page.form("form[action$='files/cv']").fill(file=("cv.pdf", uploads.pdf())).submit()
    assert page.status == 422 and said in page.one(".error-summary").text
    assert kept() == {}


def test_colleague_who_takes_over_does_not_get_the_file(client, ana, kept, writing):
    client.get(ana["files"]).form("form[action$='files/cv']").fill(file=("cv.pdf", uploads.pdf())).submit()
    page = client.get(ana["own"] + "hand-over")
    assert "Files that you have added will be deleted for good." in page.text
    form = page.form("hand-over").fill(given_name="Mira", email="mira@dofc.test").submit().form("hand-over")
    asked = form.submit().follow("Take it back")
    assert "Files that you had added have been deleted: please add them again." in asked.text
    assert kept() == {}
    with writing() as session:
        edition_by_year(session, 2027).freezes_at = NOW
    asked = client.get(asked.url)
    assert "have been deleted: only the organisers can add them now." in asked.text


def test_organisers_open_add_and_remove_files_and_find_who_has_none(app, client, ana, kept, writing):
    client.get(ana["files"]).form("form[action$='files/cv']").fill(file=("cv.pdf", uploads.pdf())).submit()
    with writing() as session:
        host = make_account(session, role="organiser", edition=edition_by_year(session, 2027))
    browser, base = Client(app).sign_in(host), "/organise/editions/2027/registrations"
    person = browser.get(f"{base}/{ana['reference']}")
    assert browser.get(person.link("cv.pdf")).headers["Content-Security-Policy"].startswith("sandbox")
    page = person.follow("Add or remove files")
    assert [tag["data-file-question"] for tag in page.all("[data-file-question]")] == ["cv", "photo", "visa"]
    page.form("form[action$='files/visa']").fill(file=("visa.png", uploads.photograph())).submit()
    assert kept() == {"cv": "cv.pdf", "visa": "visa.png"}
    assert "visa.png" not in client.get(ana["own"]).text
    assert client.get(ana["own"] + "files/visa").status == 404
    assert len(browser.get(f"{base}?question-cv=*").all("tr[data-registration]")) == 1
    assert len(browser.get(f"{base}?question-photo=-").all("tr[data-registration]")) == 1
    row = next(csv.DictReader(io.StringIO(browser.get(f"{base}.csv", checked=False).html.removeprefix("\ufeff"))))
    assert row["question-cv"].endswith(f"{base}/{ana['reference']}/files/cv") and row["question-photo"] == ""
    asked = browser.get(page.url).form("files/cv/remove").submit()
    assert asked.h1 == "Remove “cv.pdf”?" and "cv" in kept()
    page = asked.agree()
    assert "has been removed" in page.text and kept() == {"visa": "visa.png"}


def test_page_of_files_costs_the_same_for_one_and_for_ten(client, ana, writing):
    counts = []
    for more in range(2):
        with writing() as session:
            for n in range(9 * more):
                make_question(session, edition_by_year(session, 2027), f"f{n}", "file")
        with count_queries() as queries:
            assert client.get(ana["files"]).status == 200
        counts.append(len(queries))
    assert counts[0] == counts[1], counts
