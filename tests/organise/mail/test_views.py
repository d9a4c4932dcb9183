"""The emails pages: what they list, and what they hide."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from dofc_events.accounts.service import ask_for_link
from dofc_events.delegates.queries import registration_by_reference
from dofc_events.mail.models import Message
from dofc_events.mail.rules import MessageState
from dofc_events.privacy.erasing.service import erase_registration
from dofc_events.web.security import MAIL_PREVIEW_POLICY
from tests.organise.mail.conftest import mail
from tests.support.databases import count_queries
from tests.support.factories import DELEGATE, NOW, make_account, make_edition, make_registration

SECRET = re.compile(r"/(?:registrations|sign-in)/[\w-]+[.\w-]{20,}")


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
    assert "@dofc.test" in row.select_one("th").text
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


def test_message_to_an_address_that_was_corrected_offers_no_better_one(enter, edition, year, write):
    page = mail(enter("organiser", edition), year, f"/{write(state=MessageState.DEAD, recipient_key='old@dofc.test')}")
    assert "Mark as settled" in page.text
    assert not [link for link in page.all("a[href]") if link["href"].endswith("/address")]


def test_next_attempt_is_never_in_the_past(enter, edition, year, write):
    organiser, late = enter("organiser", edition), write(state=MessageState.QUEUED, due_at=NOW - timedelta(minutes=9))
    assert "Next attempt As soon as the mail server accepts it" in mail(organiser, year, f"/{late}").text
    soon = write(state=MessageState.QUEUED, due_at=NOW + timedelta(minutes=5))
    assert "Next attempt 14:05" in mail(organiser, year, f"/{soon}").text


# What was sent long ago


def test_a_message_whose_text_was_removed_says_so_and_cannot_be_sent(enter, edition, year, write, delivering):
    message_id = write(state=MessageState.SENT, sent_at=NOW, text="", html="", attachments=[], text_removed_at=NOW)
    browser = enter("organiser", edition, into=delivering)
    page = mail(browser, year, f"/{message_id}")
    assert "because the email was written long ago, or named somebody who has been erased. The recipient" in page.text
    assert not page.all("iframe") and not page.all('form[action*="send-again"]')
    assert mail(browser, year, f"/{message_id}/html").status == 404


def test_a_message_of_somebody_who_was_erased_says_why_it_has_no_text(enter, edition, year, write, writing):
    message_id = write()
    with writing() as session:
        person = registration_by_reference(session, edition.id, session.get_one(Message, message_id).about)
        erase_registration(session, person.id, DELEGATE, NOW)
    page = mail(enter("organiser", edition), year, f"/{message_id}")
    assert "The text and the recipient have been removed, because" in page.text and "long ago" not in page.text


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
