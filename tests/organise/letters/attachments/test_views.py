"""Files that travel with a letter: attached, sent to everybody, and there once."""

from email import message_from_bytes, policy

import pytest
from sqlalchemy import select

from dofc_events.commands.check import faults
from dofc_events.commands.timers import run_timers
from dofc_events.core import files
from dofc_events.extensions import settings
from dofc_events.letters.models import LetterAttachment
from dofc_events.mail.mime import as_mime
from dofc_events.mail.models import Message
from dofc_events.privacy.erasing.queries import named_files
from tests.letters.conftest import write
from tests.support import uploads
from tests.support.factories import NOW, make_edition


@pytest.fixture
def attaching(organiser, writing, year):
    """The page with the files of a letter that is a draft."""
    page = organiser.get(f"/organise/editions/{year}/letters/new")
    page = page.form().fill(subject="News", body="Dear {given_name}", days=0).submit()
    return page.follow("Attach files…")


def test_file_goes_to_everybody_and_lies_on_the_disk_once(attaching, register, app, reading, year):
    register(), register()
    page = attaching
    for _twice in range(2):
        page = page.form("form.form-narrow").fill(file=("план.pdf", uploads.pdf())).submit()
    assert [row["data-file"] for row in page.all("[data-file]")] == ["план.pdf"]
    page = page.follow("Back to the letter")
    assert "план.pdf" in page.text
    page.form("/test").submit()
    page.client.get(page.url).follow("Send…").form().submit()
    with app.app_context():
        run_timers(NOW)
    with reading() as session:
        (content_hash,) = named_files(session)
        assert files.read(settings().shared, content_hash) == uploads.pdf()
        sent = session.scalars(select(Message).where(Message.kind == "announcement")).all()
        said = {"filename": "план.pdf", "content_type": "application/pdf", "content_hash": content_hash}
        assert [message.attachments for message in sent] == [[said]] * 3, "the test to oneself as well"
        as_sent = message_from_bytes(as_mime(sent[1], "a@dofc.test", "b@dofc.test"), policy=policy.default)
        (attached,) = as_sent.iter_attachments()
        assert (attached.get_filename(), attached.get_content()) == ("план.pdf", uploads.pdf())
        files.path_of(settings().instance, content_hash).unlink()
        assert faults(session) == [f"file {content_hash}: a row refers to it, but it is missing"]


def test_file_is_taken_off_until_the_letter_is_sent(attaching, register, reading):
    register()
    page = attaching.form("form.form-narrow").fill(file=("a.png", uploads.picture())).submit()
    assert page.client.get(page.link("a.png")).headers["Content-Security-Policy"].startswith("sandbox")
    removing = page.form("/remove")
    page = removing.submit().agree()
    assert not page.all("[data-file]")
    page = page.form("form.form-narrow").fill(file=("a.png", uploads.picture())).submit()
    removing = page.form("/remove")
    adding = page.form("form.form-narrow").fill(file=("b.pdf", uploads.pdf()))
    page.follow("Back to the letter").follow("Send…").form().submit()
    for late in (removing, adding):
        assert "The files of this letter can no longer be changed" in late.submit().text
    with reading() as session:
        assert [one.name for one in session.scalars(select(LetterAttachment))] == ["a.png"]


def test_what_is_no_document_or_too_large_is_refused(attaching):
    page = attaching.form("form.form-narrow").fill(file=("a.pdf", b"MZ")).submit()
    assert page.status == 422 and "This is not a PDF or a picture" in page.text
    told = {"CONTENT_LENGTH": str(6 * 1024 * 1024), "CONTENT_TYPE": "multipart/form-data; boundary=x"}
    page = attaching.client.post(attaching.url, environ_overrides=told)
    assert page.status == 413 and "5 MB in all" in page.text


def test_files_of_another_editions_letter_are_not_found(organiser, writing, year):
    with writing() as session:
        foreign = write(session, make_edition(session, year=2031))
    assert organiser.get(f"/organise/editions/{year}/letters/{foreign}/attachments").status == 404
    assert organiser.get(f"/organise/editions/{year}/letters/{foreign}/attachments/1").status == 404


def test_another_letter_like_it_takes_the_files_along_unless_one_does_not_want_them(attaching, reading):
    page = attaching.form("form.form-narrow").fill(file=("план.pdf", uploads.pdf())).submit()
    form = page.follow("Back to the letter").follow("Write another one like it").form()
    copied = form.submit()
    assert "план.pdf" in copied.text and copied.url != page.url
    assert not copied.follow("Attach files…").form("/remove").submit().agree().all("[data-file]")
    assert "план.pdf" not in form.fill(with_files=False).submit().text
    with reading() as session:
        (one,) = session.scalars(select(LetterAttachment)).all()
        assert files.read(settings().shared, one.content_hash) == uploads.pdf()
        assert faults(session) == []


def test_a_letter_without_files_asks_nothing_about_them(attaching):
    page = attaching.follow("Back to the letter").follow("Write another one like it")
    assert "with_files" not in page.form().names
