"""The mail pages: what they list, what they hide, and sending again."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from dofc_events.accounts.service import ask_for_link
from dofc_events.conference.queries import edition_by_year
from dofc_events.core.audit import COMMAND
from dofc_events.mail import outbox
from dofc_events.mail.models import MailHold, Message, WorkerSign
from dofc_events.mail.rules import MessageState
from dofc_events.web.security import MAIL_PREVIEW_POLICY
from tests.support.databases import count_queries
from tests.support.factories import NOW, make_account, make_edition, make_registration
from tests.support.hosting import last_entry

SECRET = re.compile(r"/(?:registrations|sign-in)/[\w-]+[.\w-]{20,}")


@pytest.fixture
def delivering(shared_app):
    """The same site, once a mail server is configured."""
    return shared_app(mail_server="mail.dofc.test", mail_default_sender="Days of Clusters <dofc@dofc.test>")


@pytest.fixture
def write(writing, year):
    """`write(3, state=…)`: this many messages to delegates; the id of the last."""

    def write(number: int = 1, **changes) -> int:
        with writing() as session:
            edition = edition_by_year(session, year)
            for _one in range(number):
                registration = make_registration(session, edition)
                message = session.scalars(select(Message).where(Message.about == registration.reference)).one()
                for name, value in changes.items():
                    setattr(message, name, value)
            return message.id

    return write


@pytest.fixture
def state_of(reading):
    def state_of(message_id: int) -> MessageState:
        with reading() as session:
            return session.get_one(Message, message_id).state

    return state_of


def mail(browser, year, rest=""):
    return browser.get(f"/organise/editions/{year}/mail{rest}")


# The list


def test_list_is_empty_at_first(enter, edition, year):
    page = mail(enter("organiser", edition), year)
    assert page.one("[data-total]")["data-total"] == "0"
    assert "No emails yet" in page.text


def test_list_filters_by_state_and_says_why_one_failed(enter, edition, year, write):
    write(2)
    failed = write(
        state=MessageState.DEAD, attempts=3, last_error="550 http://dofc.test/registrations/SECRET.1.x/ is spam"
    )
    page = mail(enter("organiser", edition), year)
    assert page.one("[data-total]")["data-total"] == "3"
    page = page.form().fill(state="dead").submit()
    assert [row["data-message"] for row in page.all("tr[data-message]")] == [str(failed)]
    assert "550 http://dofc.test/registrations/…/ is spam" in page.text
    assert "1 email could not be delivered" in page.text


def test_list_names_the_recipient_first_and_leads_to_the_message(enter, edition, year, write):
    message_id = write()
    row = mail(enter("organiser", edition), year).one(f'tr[data-message="{message_id}"]')
    assert "@dofc.test" in row.th.text
    assert row.select_one("td a")["href"] == f"/organise/editions/{year}/mail/{message_id}"
    assert "Place confirmed" not in row.text


def test_list_is_searched_and_keeps_the_words_on_the_next_page(enter, edition, year, write, writing):
    found = write()
    write(51)
    with writing() as session:
        message = session.get_one(Message, found)
        message.recipient, about = "Needle@dofc.test", message.about
    page = mail(enter("organiser", edition), year)
    for words in ("needle@", about, about.replace("-", "").lower()):
        result = page.form().fill(q=words).submit()
        assert [row["data-message"] for row in result.all("tr[data-message]")] == [str(found)], words
        assert (result.one("[data-total]")["data-total"], result.form().value("q")) == ("1", words)
    many = page.form().fill(q="dofc.test", state="kept").submit()
    assert {"q=dofc.test", "state=kept"} < set(re.split("[?&]", many.link("Next")))
    assert len(many.follow("Next").all("tr[data-message]")) == 2
    assert "No emails match this search" in many.form().fill(q="nobody").submit().text


def test_list_turns_pages_by_key(enter, edition, year, write):
    write(52)
    first = mail(enter("organiser", edition), year)
    second = first.follow("Next")
    assert [len(page.all("tr[data-message]")) for page in (first, second)] == [50, 2]


def test_list_costs_the_same_with_1_and_30_rows(enter, edition, year, write):
    organiser = enter("organiser", edition)

    def cost() -> int:
        with count_queries() as statements:
            mail(organiser, year)
        return len(statements)

    write()
    few = cost()
    write(29)
    assert cost() == few


def test_list_shows_neither_other_editions_nor_sign_in_messages(enter, edition, year, write, writing):
    write()
    with writing() as session:
        make_registration(session, make_edition(session, year=2031))
        ask_for_link(session, make_account(session).email, NOW)
    assert mail(enter("organiser", edition), year).one("[data-total]")["data-total"] == "1"
    page = enter("chair").get("/organise/mail")
    assert page.one("[data-total]")["data-total"] == "3"
    assert "Your sign-in link" in page.text


@pytest.mark.parametrize("path", ["?state=nonsense", "/99999999999999999999", "/4711"])
def test_what_is_not_there_is_not_found(enter, edition, year, path):
    assert mail(enter("organiser", edition), year, path).status == 404


def test_another_editions_message_is_not_found(enter, edition, year, writing, reading):
    with writing() as session:
        make_registration(session, make_edition(session, year=2031))
    with reading() as session:
        other = session.scalars(select(Message.id)).one()
    organiser = enter("organiser", edition)
    assert mail(organiser, year, f"/{other}").status == 404
    assert mail(organiser, year, f"/{other}/html").status == 404
    assert organiser.post(f"/organise/editions/{year}/mail/{other}/send-again").status == 404
    assert enter("chair").get(f"/organise/mail/{other}").status == 200


# One message


def test_links_that_act_are_hidden_once_mail_is_delivered(enter, edition, year, write, delivering):
    message_id = write()
    organiser = enter("organiser", edition, into=delivering)
    page = mail(organiser, year, f"/{message_id}")
    assert "http://dofc.test/registrations/…/" in page.text
    assert not SECRET.search(page.html)
    preview = organiser.get(preview_of(year, message_id), checked=False)
    assert preview.status == 200
    assert not SECRET.search(preview.html)
    assert preview.all('a[href^="mailto:"]'), "other links stay"
    assert preview.all("a:not([href])")


def test_links_can_be_used_where_no_mail_server_is_configured(enter, edition, year, write, client):
    message_id = write()
    organiser = enter("organiser", edition)
    page = mail(organiser, year, f"/{message_id}")
    links = [a["href"] for a in page.all(".mail-text a") if SECRET.search(a["href"])]
    assert client.get(links[0]).one("[data-registration-status]")
    assert SECRET.search(organiser.get(preview_of(year, message_id), checked=False).html)


def test_sign_in_links_are_hidden_from_the_chair_too(enter, writing, delivering, reading):
    with writing() as session:
        ask_for_link(session, make_account(session).email, NOW)
    with reading() as session:
        message_id = session.scalars(select(Message.id)).one()
    page = enter("chair", into=delivering).get(f"/organise/mail/{message_id}")
    assert "/sign-in/…" in page.text
    assert not SECRET.search(page.html)


def test_preview_can_do_nothing(enter, edition, year, write):
    message_id = write()
    organiser = enter("organiser", edition)
    frame = mail(organiser, year, f"/{message_id}").one("iframe")
    assert frame["src"] == preview_of(year, message_id)
    assert frame.has_attr("sandbox")
    assert not frame["sandbox"], "nothing is allowed"
    page = organiser.get(frame["src"], checked=False)
    assert page.headers["Content-Security-Policy"] == MAIL_PREVIEW_POLICY
    assert "X-Frame-Options" not in page.headers


def preview_of(year: int, message_id: int) -> str:
    return f"/organise/editions/{year}/mail/{message_id}/html"


def test_message_leads_to_its_registration_and_to_a_better_address(enter, edition, year, write):
    page = mail(enter("organiser", edition), year, f"/{write(state=MessageState.DEAD)}")
    assert page.follow("Correct the address").h1 == "Correct the address"


def test_next_attempt_is_never_in_the_past(enter, edition, year, write):
    organiser, late = enter("organiser", edition), write(state=MessageState.QUEUED, due_at=NOW - timedelta(minutes=9))
    assert "Next attempt As soon as the mail server accepts it" in mail(organiser, year, f"/{late}").text
    soon = write(state=MessageState.QUEUED, due_at=NOW + timedelta(minutes=5))
    assert "Next attempt 14:05" in mail(organiser, year, f"/{soon}").text


# The alarm


@pytest.fixture
def strip_of(writing):
    """`strip_of(browser, path)`: the strip about email delivery while a worker is running; more columns of its sign."""

    def strip_of(browser, path, **columns):
        with writing() as session:
            session.merge(WorkerSign(name="worker", seen_at=NOW, **columns))
        return browser.get(path).one(".mail-health")

    return strip_of


def words_of(strip) -> str:
    return " ".join(strip.get_text(" ").split())


def test_dead_message_is_an_alarm_of_its_own_until_it_is_settled(enter, edition, year, write, strip_of, state_of):
    dead = write(state=MessageState.DEAD, last_error="550 nobody here")
    write(state=MessageState.QUEUED)
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
    assert strip.a["href"] == "/organise/mail?state=dead"
    assert not strip_of(enter("organiser", edition), "/organise/").select("a")


def test_strip_counts_no_dead_message_that_the_page_cannot_show(enter, write, writing):
    with writing() as session:
        other = make_edition(session, year=2031)
        session.add(WorkerSign(name="worker", seen_at=NOW))
    write(state=MessageState.DEAD)
    assert enter("organiser", other).get("/organise/editions/2031/").all(".mail-health") == []


# Sending


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
    answer = page.form("release").submit()
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


# What was sent long ago


def test_a_message_whose_text_was_removed_says_so_and_cannot_be_sent(enter, edition, year, write, delivering):
    message_id = write(state=MessageState.SENT, sent_at=NOW, text="", html="", attachments=[], text_removed_at=NOW)
    browser = enter("organiser", edition, into=delivering)
    page = mail(browser, year, f"/{message_id}")
    assert "The text has been removed" in page.text
    assert not page.all("iframe") and not page.all('form[action*="send-again"]')
    assert mail(browser, year, f"/{message_id}/html").status == 404


@pytest.mark.databases("sqlite")
def test_messages_are_counted_and_put_in_order_without_reading_them(reading, write):
    """A hundred thousand of them are a gigabyte."""
    write()
    with reading() as session:
        told = [
            " ".join(row[3] for row in session.execute(text(f"EXPLAIN QUERY PLAN {statement}")))
            for statement in (
                "SELECT state, count(*) FROM messages WHERE scope = '2027' GROUP BY state",
                "SELECT id FROM messages WHERE state = 'sent' ORDER BY id DESC LIMIT 51",
                "SELECT id FROM messages WHERE scope = '2027' AND state = 'sent' ORDER BY id DESC LIMIT 51",
            )
        ]
    assert all("COVERING INDEX" in plan for plan in told), told
