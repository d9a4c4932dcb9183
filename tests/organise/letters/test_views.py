"""Letters on the organisers' pages: written, looked at, sent, followed, stopped."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from dofc_events.conference.queries import edition_by_year
from dofc_events.delegates.models import Registration
from dofc_events.letters.models import Letter
from dofc_events.letters.rules import LetterState
from dofc_events.mail.models import Message
from dofc_events.mail.rules import MessageState
from dofc_events.registration.service import cancel_registration
from dofc_events.web.security import MAIL_PREVIEW_POLICY
from tests.letters.conftest import write
from tests.support.databases import count_queries
from tests.support.factories import DELEGATE, NOW, make_edition, make_registration

SECRET = re.compile(r"/registrations/[\w-]+[.\w-]{20,}")


@pytest.fixture
def written(see):
    """`written("?status=confirmed", body=…)`: the page of a letter that was just written."""

    def written(query="", **typed):
        values = {"subject": "News of {edition}", "body": "Dear {given_name}", "days": 0} | typed
        return see(f"/new{query}").form().fill(**values).submit()

    return written


# Writing


def test_list_says_what_to_do_when_nothing_was_written(see):
    page = see()
    assert "No letter has been written yet" in page.text
    assert page.follow("Thanks, the day after").form().value("days") == "1"


def test_new_letter_is_for_those_whom_the_address_means(written, register, writing, year):
    confirmed, _second, waits = register(), register(), register()
    page = written("?status=waitlisted")
    assert page.one("[data-reach]").text == "1 person:"
    assert "On the waiting list" in page.text and page.link("On the waiting list").endswith("?status=waitlisted")
    assert waits in page.one(".mail-text").text and confirmed not in page.text
    page = written(f"?pick={confirmed}&pick={waits}")
    assert "2 selected people" in page.text
    assert "Send it to 2 people?" in page.follow("Send…").h1


def test_new_letter_keeps_what_was_typed_and_says_which_placeholder_is_unknown(see, register):
    register()
    page = see("/new").form().fill(subject="Yours: {own_page}", body="x", days=0).submit()
    assert page.status == 422 and "The subject cannot contain {own_page}" in page.text
    form = see("/new").form().fill(subject="{naem}", body="[x]({city}) {foo}", days=0)
    page = form.submit()
    assert page.status == 422
    assert "{naem} is not a placeholder." in page.text and "{given_name}, {full_name}" in page.text
    assert "{foo} is not a placeholder." in page.text
    assert page.form().value("body").strip() == "[x]({city}) {foo}"
    assert (
        "{city} cannot be part of a link’s address" in page.form().fill(subject="x", body="[x]({city})").submit().text
    )


def test_new_letter_refuses_a_time_that_has_passed(see):
    page = see("/new").form().fill(subject="x", body="x", anchor="begins", days=300, side="before").submit()
    assert page.status == 422 and "That time has passed" in page.text


def test_new_letter_refuses_a_day_long_after_the_edition(see):
    page = see("/new").form().fill(subject="x", body="x", anchor="on_day", sent_on="2062-05-27").submit()
    assert page.status == 422 and "That is more than a year after the edition. Check the year." in page.text


def test_thanks_are_for_those_who_came(see):
    page = see("").follow("Thanks, the day after")
    assert "Place confirmed, have arrived" in page.text


def test_what_a_letter_may_begin_with_can_be_kept(see, reading):
    beginnings = [link["href"] for link in see("").all("main a[href*='starter=']")]
    assert len(beginnings) > 3
    for address in beginnings:
        form = see("/new?" + address.partition("?")[2]).form()
        page = form.submit()
        assert page.status == 200 and page.url.rstrip("/").split("/")[-1].isdecimal(), page
    with reading() as session:
        assert "[your page]({own_page})" in " ".join(session.scalars(select(Letter.body)))


def test_new_letter_needs_a_text(see):
    page = see("/new").form().fill(subject="x", body="  ", days=0).submit()
    assert page.status == 422 and "Write what the letter says." in page.text


def test_letter_begins_like_another_one_of_an_edition_that_one_organises(see, written, writing, year, enter):
    letter = written(body="Come all")
    assert letter.follow("Write another one like it").form().value("body").strip() == "Come all"
    with writing() as session:
        other = make_edition(session, year=2031)
        foreign = write(session, other)
    assert see(f"/new?like={foreign}").status == 404
    assert see("/new?like=x").status == see("/new?starter=nothing").status == 404
    chair = enter("chair")
    assert (
        chair.get(f"/organise/editions/{year}/letters/new?like={foreign}").form().value("subject")
        == "News of {edition}"
    )


def test_letter_of_another_edition_is_not_found(see, writing):
    with writing() as session:
        foreign = write(session, make_edition(session, year=2031))
    for page in ("/", "/edit", "/html", "/send", "/stop"):
        assert see(f"/{foreign}{page}").status == 404


# Looking at it


def test_letter_is_shown_as_each_delegate_would_get_it_without_their_link(written, register, organiser, writing, year):
    with writing() as session:
        gone = make_registration(session, edition_by_year(session, year), given_name="Goran")
        cancel_registration(session, gone.id, DELEGATE, NOW)
    register(given_name="Ana"), register(given_name="Bojan")
    page = written(body="Dear {given_name}, see {own_page}")
    assert "Dear Ana, see" in page.one(".mail-text").text
    page = page.follow("Next person")
    assert "Dear Bojan" in page.one(".mail-text").text and not SECRET.search(page.html)
    html = organiser.get(page.one("iframe")["src"], checked=False)
    assert "Dear Bojan" in html.html and not SECRET.search(html.html)
    assert html.headers["Content-Security-Policy"] == MAIL_PREVIEW_POLICY
    assert "Dear Ana" in page.follow("Previous person").one(".mail-text").text


def test_letter_says_when_there_is_nobody_to_show_it_to(written):
    page = written()
    assert "nobody to show it for" in page.text
    assert page.follow("Send…").h1 == "There is nobody to send it to"


def test_test_mail_goes_to_oneself_without_the_delegates_link(written, register, reading, announced, with_mail_server):
    register(given_name="Ana")
    page = written(body="Dear {given_name}, see {own_page}")
    with_mail_server()
    page = page.form("/test").submit()
    assert "A test is on its way to account-" in page.text
    with reading() as session:
        message = session.scalars(select(Message).where(Message.about == "", Message.kind == "announcement")).one()
    assert message.recipient.startswith("account-") and message.subject == "Test: News of Days of Clusters 2027"
    for part in (message.text, message.html):
        assert "This is a test" in part and "Dear Ana" in part and not SECRET.search(part)
    assert announced() == []


def test_test_mail_is_not_on_its_way_when_no_mail_server_is_set_up(written, register):
    register()
    page = written().form("/test").submit()
    assert "emails are kept and not sent" in page.text and "on its way" not in page.text


# Sending


def test_letter_goes_to_exactly_those_whom_the_page_names(written, register, writing, tick, announced, see, year):
    first, second = register(given_name="Ana", family_name="Kovač"), register()
    with writing() as session:
        gone = make_registration(session, edition_by_year(session, year))
        cancel_registration(session, gone.id, DELEGATE, NOW)
    page = written()
    assert "Written by Ana Kovač" in page.text
    assert page.one("[data-reach]")["data-reach"] == see().one("tr[data-letter] [data-reach]")["data-reach"] == "2"
    page = page.follow("Send…")
    assert page.h1 == "Send it to 2 people?" and "Ana Kovač" in page.text
    assert "1 more is left out, because they cancelled" in page.text
    page = page.form().submit()
    assert "emails are kept and not sent" in page.text and "Being sent" in page.text
    tick()
    assert announced() == sorted([first, second])
    row = see().one("tr[data-letter]").get_text(" ")
    assert "0 of 2 sent, 2 kept, not sent" in " ".join(row.split())


def test_send_pressed_twice_sends_once(written, register, tick, announced):
    reference = register()
    form = written().follow("Send…").form()
    form.submit()
    assert "Nothing has been changed" in form.submit().text
    tick()
    assert announced() == [reference]


def test_send_asks_again_when_the_audience_has_changed(written, register, announced, tick):
    register()
    form = written().follow("Send…").form()
    register()
    page = form.submit()
    assert page.status == 422 and page.h1 == "Send it to 2 people?" and "The audience has changed" in page.text
    tick()
    assert announced() == []
    assert page.form().submit().status == 200
    tick()
    assert len(announced()) == 2


def test_send_asks_again_when_somebody_has_changed_the_letter(written, register, announced, tick):
    register()
    for schedule in ({}, {"anchor": "begins", "days": 7, "side": "before"}):
        page = written(**schedule)
        form = page.follow("Schedule…" if schedule else "Send…").form()
        page.follow("Edit the letter").form().fill(body="Dear all").submit()
        page = form.submit()
        assert page.status == 422 and "The letter has been changed" in page.text
        tick()
        assert announced() == []


def test_scheduled_letter_says_when_and_goes_then(written, register, clock, tick, reading, see, edition):
    page = written(anchor="begins", days=7, side="before").follow("Schedule…")
    assert page.h1 == "Schedule it for 0 people?" and "7 days before the first day" in page.text
    assert "Scheduled" in page.form().submit().text
    register()
    tick(edition.begins_at() - timedelta(days=6))
    with reading() as session:
        assert (
            session.scalars(select(Message.kind).where(Message.about != "").order_by(Message.id.desc())).first()
            == "reminder"
        )


def test_draft_is_edited_until_it_is_sent(written, register):
    register()
    page = written().follow("Edit the letter").form().fill(body="Hello {full_name}").submit()
    assert "Hello Łucja" in page.one(".mail-text").text
    form = page.follow("Edit the letter").form()
    page.follow("Send…").form().submit()
    page = form.fill(body="Too late").submit()
    assert "This letter is being sent, so it can no longer be edited. Nothing has been changed" in page.text
    page = page.client.get(page.url)
    assert page.url.endswith("/1/") and "is being sent, so it can no longer be edited" in page.text


def test_scheduled_letter_goes_on_a_day_and_at_an_hour_of_ones_choice(written, see):
    page = written(anchor="on_day")
    assert page.status == 422 and "Enter the day on which the letter is to be sent." in page.text
    page = page.form().fill(sent_on="2027-05-20", hour="18:30").submit()
    assert "20 May 2027, 18:30" in page.text
    page = page.follow("Schedule…").form().submit()
    assert "20 May 2027, 18:30" in see().one("tr[data-letter]").text


def test_scheduled_letter_is_edited_without_being_stopped(written, register):
    register()
    page = written(anchor="on_day", sent_on="2027-05-20", hour="18:30").follow("Schedule…").form().submit()
    form = page.follow("Edit the letter").form()
    assert (form.value("sent_on"), form.value("hour")) == ("2027-05-20", "18:30")
    page = form.fill(sent_on="2020-01-01").submit()
    assert page.status == 422
    page = page.form().fill(sent_on="2027-05-21", body="Better").submit()
    assert "It is still scheduled." in page.text and "21 May 2027, 18:30" in page.text
    assert page.one(".state").text == "Scheduled" and "Better" in page.one(".mail-text").text
    page = page.follow("Edit the letter").form().fill(anchor="").submit()
    assert page.one(".state").text == "Draft"


# Following and stopping


def test_progress_counts_what_became_of_each_message(written, register, tick, writing):
    for _one in range(3):
        register()
    page = written().follow("Send…").form().submit()
    tick()
    with writing() as session:
        ours = session.scalars(select(Message).where(Message.kind == "announcement").order_by(Message.id)).all()
        ours[0].state, ours[1].state = MessageState.SENT, MessageState.DEAD
        ours[2].state = MessageState.QUEUED
    page = page.client.get(page.url)
    assert "1 of 3 sent, 1 waiting to be sent, 1 could not be delivered" in page.text
    assert page.one("[data-sent]")["data-sent"] == "1"


def test_sent_letter_leads_to_the_emails_with_its_subject_or_says_that_these_are_all(written, register, tick):
    register()
    totals = []
    for subject, words in (("News", "with this subject"), ("News for {given_name}", "of the edition")):
        page = written(subject=subject).follow("Send…").form().submit()
        tick()
        emails = page.client.get(page.url).follow(f"See the emails {words}")
        totals.append(emails.one("[data-total]")["data-total"])
    assert totals == ["1", "3"]


def test_stopped_letter_goes_to_nobody_else(written, register, tick, announced, see, reading):
    for _one in range(2):
        register()
    page = written().follow("Send…").form().submit()
    page = page.follow("Stop…").form().submit()
    assert "Stopped before anything was sent." in page.text
    assert "Stopped" in page.one("tr[data-letter]").get_text(" ")
    tick()
    assert announced() == []


def test_stopped_letter_says_so_to_whoever_still_has_its_pages_open(written, register, see, organiser):
    register()
    page = written(anchor="begins", days=7, side="before")
    page.follow("Schedule…").form().submit().follow("Stop…").form().submit()
    for rest in ("send", "stop", "stop"):
        page = organiser.get(f"{page.url.removesuffix('send').removesuffix('stop')}{rest}")
        assert page.one(".state").text == "Stopped"
        assert ("sent, scheduled, stopped or deleted" if rest == "send" else "nothing left to stop") in page.text


def cancel(session, reference, at):
    gone = session.scalars(select(Registration).where(Registration.reference == reference)).one()
    cancel_registration(session, gone.id, DELEGATE, at)


def test_picked_people_who_are_left_out_are_counted_and_explained(see, register, writing, reading, tick):
    ana, ivo = register(), register()
    page = see(f"/new?pick={ana}&pick={ivo}").form().fill(subject="x", body="x").submit()
    with writing() as session:
        cancel(session, ivo, NOW + timedelta(hours=1))
    page = page.client.get(page.url)
    assert "1 of 2 selected people" in page.text and "1 more is left out, because they cancelled" in page.text
    page = page.follow("Send…").form().submit()
    assert "1 of 2 selected people" in page.text
    assert "1 of 2 selected people" in see().text


def test_picked_people_who_cancelled_are_not_said_to_be_filtered_for(see, register, writing):
    reference = register()
    with writing() as session:
        cancel(session, reference, NOW)
    page = see(f"/new?pick={reference}")
    assert "1 of them has cancelled." in page.text and "filtered" not in page.text


def test_draft_is_dropped_and_another_one_can_be_like_it(written, reading):
    page = written().follow("Delete the draft…").form().submit()
    assert "Draft deleted." in page.text
    with reading() as session:
        assert session.scalars(select(Letter)).one().state is LetterState.DROPPED
    assert page.follow("News of Days of Clusters 2027").follow("Write another one like it").status == 200


def test_list_takes_the_same_number_of_queries_for_1_and_30_letters(see, writing, year, register, written):
    register()
    written().follow("Send…").form().submit()
    written()
    with count_queries() as one:
        see()
    with writing() as session:
        for _number in range(28):
            write(session, edition_by_year(session, year))
    with count_queries() as thirty:
        assert len(see().all("tr[data-letter]")) == 30
    assert len(one) == len(thirty)


def test_audience_page_takes_the_same_number_of_queries_for_1_and_30_people(written, register, organiser):
    register()
    address = written().url
    counts = []
    for more in (0, 29):
        for _number in range(more):
            register()
        with count_queries() as queries:
            organiser.get(address)
            organiser.get(f"{address}send")
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_letters_are_recorded_in_words(written, register, organiser, year):
    register()
    written().follow("Send…").form().submit()
    text = organiser.get(f"/organise/editions/{year}/audit").text
    assert "Wrote the letter “News of {edition}”, as a draft" in text
    assert "Sent the letter “News of {edition}” to 1 person" in text
