"""What the emails page says when messages do not arrive, and how that is settled."""

from datetime import timedelta

from dofc_events.mail.models import Message, WorkerSign
from dofc_events.mail.rules import MessageState
from tests.organise.mail.conftest import mail, words_of
from tests.support.factories import NOW, make_edition


def test_dead_message_is_an_alarm_of_its_own_until_it_is_settled(
    enter, edition, year, write, writing, strip_of, state_of
):
    dead = write(state=MessageState.DEAD, last_error="550 nobody here")
    waiting = write(state=MessageState.QUEUED, waits_since=NOW - timedelta(minutes=1))
    organiser, here = enter("organiser", edition), f"/organise/editions/{year}/mail"
    strip = strip_of(organiser, here)
    assert [h2.text for h2 in strip.select("h2")] == ["1 email could not be delivered"]
    assert "1 email has been waiting to be sent" in words_of(strip)
    page = mail(organiser, year, f"/{dead}").form("settle").submit()
    assert page.url == f"{here}/{dead}"
    assert "Email settled." in page.text and "550 nobody here" in page.text
    assert state_of(dead) == "withdrawn"
    assert not page.all('form[action*="settle"]')
    assert not strip_of(organiser, here).select("h2")
    with writing() as session:
        session.get_one(Message, waiting).waits_since = NOW - timedelta(seconds=5)
    assert organiser.get(here).all(".mail-health") == []


def test_settling_is_told_on_the_registrations_page(enter, edition, year, write, reading):
    dead, organiser = write(state=MessageState.DEAD), enter("organiser", edition)
    mail(organiser, year, f"/{dead}").form("settle").submit()
    with reading() as session:
        about = session.get_one(Message, dead).about
    assert "was settled" in organiser.get(f"/organise/editions/{year}/registrations/{about}").text


def test_settling_is_refused_in_words_when_it_was_sent_meanwhile(enter, edition, year, write, writing, state_of):
    dead = write(state=MessageState.DEAD)
    form = mail(enter("organiser", edition), year, f"/{dead}").form("settle")
    with writing() as session:
        session.get_one(Message, dead).state = MessageState.SENT
    assert "nothing left to settle" in form.submit().text
    assert state_of(dead) == "sent"


def test_nothing_is_settled_without_a_token_or_from_another_edition(enter, edition, year, write, writing, state_of):
    dead = write(state=MessageState.DEAD)
    with writing() as session:
        other = make_edition(session, year=2031)
    assert enter("organiser", edition).post(f"/organise/editions/{year}/mail/{dead}/settle").status == 400
    assert enter("organiser", other).post(f"/organise/editions/2031/mail/{dead}/settle").status == 404
    assert state_of(dead) == "dead"


def test_strip_says_what_the_mail_server_answers(enter, edition, year, write, strip_of):
    write(2, state=MessageState.QUEUED, waits_since=NOW - timedelta(minutes=5))
    answer = "421 http://dofc.test/registrations/SECRET.1.x/ later"
    page = f"/organise/editions/{year}/"
    strip = words_of(strip_of(enter("organiser", edition), page, mail_tried_at=NOW, mail_error=answer))
    assert "Emails are not being sent as they should" in strip
    assert "2 emails are waiting to be sent, the oldest for 5 minutes." in strip
    assert "The mail server was last tried at 14:00" in strip
    assert "421 http://dofc.test/registrations/…/ later" in strip


def test_strip_names_the_step_of_the_worker_that_fails(enter, edition, year, strip_of):
    page, failed = f"/organise/editions/{year}/", NOW - timedelta(minutes=3)
    strip = strip_of(enter("organiser", edition), page, failed_step="lapse_offers", failed_at=failed)
    assert "“lapse_offers” last failed at 13:57" in words_of(strip) and "mail-health-alarm" in strip["class"]


def test_strip_raises_no_alarm_over_what_one_recipient_does_not_take(enter, edition, year, write, strip_of):
    """Others were sent since: it is tried for days, and organisers need not look each time."""
    write(state=MessageState.QUEUED, refusals=3, waits_since=NOW - timedelta(days=2))
    strip = strip_of(enter("organiser", edition), f"/organise/editions/{year}/", mail_taken_at=NOW - timedelta(hours=3))
    assert "mail-health-alarm" not in strip["class"] and "1 email has been waiting to be sent" in words_of(strip)


def test_strip_of_the_overview_leads_the_chair_to_all_mail(enter, edition, write, strip_of):
    write(state=MessageState.DEAD)
    strip = strip_of(enter("chair"), "/organise/")
    assert strip.select_one("a")["href"] == "/organise/mail?state=dead"
    assert not strip_of(enter("organiser", edition), "/organise/").select("a")


def test_strip_counts_no_dead_message_that_the_page_cannot_show(enter, write, writing):
    with writing() as session:
        other = make_edition(session, year=2031)
        session.add(WorkerSign(name="worker", seen_at=NOW))
    write(state=MessageState.DEAD)
    assert enter("organiser", other).get("/organise/editions/2031/").all(".mail-health") == []
