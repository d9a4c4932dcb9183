"""The mail pages: what they list, what they hide, and sending again."""

import re

import pytest
from sqlalchemy import select

from dofc_events.accounts.service import ask_for_link
from dofc_events.conference.queries import edition_by_year
from dofc_events.mail.models import Message
from dofc_events.mail.rules import MessageState
from dofc_events.web.security import MAIL_PREVIEW_POLICY
from tests.support.databases import count_queries
from tests.support.factories import NOW, make_account, make_edition, make_registration

SECRET = re.compile(r"/(?:registrations|sign-in)/[\w-]+[.\w-]{20,}")


@pytest.fixture
def delivering(make_app):
    """The same site, once a mail server is configured."""
    return make_app(mail_server="mail.dofc.test", mail_default_sender="Days of Clusters <dofc@dofc.test>")


@pytest.fixture
def edition(reading, year):
    with reading() as session:
        return edition_by_year(session, year)


@pytest.fixture
def write(writing, year):
    """`write(3, state=…)`: so many messages to delegates; the id of the last."""

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
    assert "Nothing has been written yet" in page.text


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
    assert "1 message could not be delivered" in page.text


def test_list_turns_pages_by_key(enter, edition, year, write):
    write(52)
    first = mail(enter("organiser", edition), year)
    second = first.follow("Older")
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
    assert "Link to sign in" in page.text


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


# Sending


def test_sending_again_queues_the_same_message(enter, edition, year, write, delivering, reading, state_of):
    message_id = write(state=MessageState.DEAD, refusals=7)
    with reading() as session:
        before = session.get_one(Message, message_id)
    page = mail(enter("organiser", edition, into=delivering), year, f"/{message_id}").form("send-again").submit()
    assert "The message is sent again." in page.text
    assert state_of(message_id) == "queued"
    with reading() as session:
        after = session.get_one(Message, message_id)
    assert (after.message_id, after.text, after.refusals) == (before.message_id, before.text, 0)
    about = enter("organiser", edition).get(f"/organise/editions/{year}/registrations/{after.about}")
    assert "A message was sent again" in about.text


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
    page = mail(enter("organiser", edition, into=delivering), year).follow("Send what was kept")
    assert "3 messages" in page.h1
    assert state_of(message_id) == "kept"
    page = page.form().submit()
    assert "3 messages go out now." in page.text
    assert state_of(message_id) == "queued"
    assert not page.all('a[href$="/send-kept"]')


def test_kept_messages_stay_without_a_mail_server(enter, edition, year, write):
    write()
    page = mail(enter("organiser", edition), year, "/send-kept")
    assert page.url.endswith("/mail")
    assert "messages are kept" in page.text


def test_chair_sends_again_from_the_page_of_all_mail(enter, write, delivering, state_of):
    message_id = write(state=MessageState.DEAD)
    page = enter("chair", into=delivering).get(f"/organise/mail/{message_id}").form("send-again").submit()
    assert page.url == f"/organise/mail/{message_id}"
    assert state_of(message_id) == "queued"
