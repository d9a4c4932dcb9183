"""Sending again, and sending what was kept or held."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from dofc_events.core.audit import COMMAND
from dofc_events.mail import outbox
from dofc_events.mail.models import MailHold, Message
from dofc_events.mail.rules import MessageState
from tests.organise.mail.conftest import mail, words_of
from tests.support.factories import NOW
from tests.support.hosting import last_entry


def test_sending_again_queues_the_same_message(enter, edition, year, write, delivering, reading, state_of):
    message_id = write(state=MessageState.DEAD, refusals=7)
    with reading() as session:
        before = session.get_one(Message, message_id)
    page = mail(enter("organiser", edition, into=delivering), year, f"/{message_id}").form("send-again").submit()
    assert "The email will be sent again." in page.text
    assert state_of(message_id) == "queued"
    with reading() as session:
        after = session.get_one(Message, message_id)
    assert (after.message_id, after.text, after.refusals) == (before.message_id, before.text, 0)
    about = enter("organiser", edition).get(f"/organise/editions/{year}/registrations/{after.about}")
    assert "An email was sent again" in about.text


def test_sending_again_is_refused_in_words_when_it_was_withdrawn(
    enter, edition, year, write, delivering, writing, state_of
):
    message_id = write(state=MessageState.DEAD)
    form = mail(enter("organiser", edition, into=delivering), year, f"/{message_id}").form("send-again")
    with writing() as session:
        session.get_one(Message, message_id).state = MessageState.WITHDRAWN
    page = form.submit()
    assert "cannot be sent now" in page.text
    assert not page.all('form[action*="send-again"]')
    assert state_of(message_id) == "withdrawn"


def test_nothing_is_sent_without_a_token(enter, edition, year, write, state_of):
    message_id = write()
    assert enter("organiser", edition).post(f"/organise/editions/{year}/mail/{message_id}/send-again").status == 400
    assert state_of(message_id) == "kept"


def test_kept_messages_are_offered_once_there_is_a_mail_server(enter, edition, year, write, delivering, state_of):
    message_id = write(3)
    assert not mail(enter("organiser", edition), year).all('a[href$="/send-kept"]')
    page = mail(enter("organiser", edition, into=delivering), year).follow("Send the kept emails")
    assert "3 kept emails" in page.h1
    assert state_of(message_id) == "kept"
    page = page.form().submit()
    assert "3 emails are being sent." in page.text
    assert state_of(message_id) == "queued"
    assert not page.all('a[href$="/send-kept"]')


def test_kept_messages_stay_without_a_mail_server(enter, edition, year, write):
    write()
    page = mail(enter("organiser", edition), year, "/send-kept")
    assert page.url.endswith("/mail")
    assert "emails are kept" in page.text


@pytest.mark.parametrize("role", ["organiser", "chair"])
def test_after_a_restore_everything_is_held_until_somebody_presses_deliver(
    enter, edition, year, write, delivering, writing, reading, strip_of, role
):
    message_id = write(state=MessageState.QUEUED, waits_since=NOW - timedelta(days=2))
    with writing() as session:
        outbox.hold(session, COMMAND, NOW)
    staff = enter(role, edition if role == "organiser" else None, into=delivering)
    strip = strip_of(staff, f"/organise/editions/{year}/")
    assert "Emails are held" in words_of(strip) and "not being sent as they should" not in words_of(strip)
    page = mail(staff, year) if role == "organiser" else staff.get("/organise/mail")
    answer = page.form("release").submit().agree()
    assert "Emails are being sent again." in answer.text and "Emails are held" not in answer.text
    with reading() as session:
        assert session.scalars(select(MailHold)).all() == []
        assert session.get_one(Message, message_id).waits_since > NOW - timedelta(days=1)
        assert last_entry(session, "mail_released").scope == (str(year) if role == "organiser" else "")


def test_chair_sends_again_from_the_page_of_all_mail(enter, write, delivering, state_of):
    message_id = write(state=MessageState.DEAD)
    page = enter("chair", into=delivering).get(f"/organise/mail/{message_id}").form("send-again").submit()
    assert page.url == f"/organise/mail/{message_id}"
    assert state_of(message_id) == "queued"
