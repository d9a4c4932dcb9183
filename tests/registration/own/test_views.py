"""One delegate's own pages, through HTTP only."""

from datetime import timedelta

import pytest
from icalendar import Calendar
from sqlalchemy import select

from dofc_events.conference.models import Edition
from dofc_events.conference.rules import EditionStatus
from dofc_events.delegates.models import Registration
from dofc_events.mail.models import Message
from dofc_events.mail.rules import MessageState
from dofc_events.places.rules import PLACE_STATUSES, ClaimStatus
from tests.registration.own.conftest import status_of
from tests.support.databases import dump
from tests.support.factories import NOW, claim_of, make_edition, make_registration
from tests.support.letters import letters

EVIL = "<img src=x onerror=alert(1)>'\"&${7*7}"
TEXTS = ("given_name", "family_name", "badge_name", "organisation", "job_title", "dietary", "access_needs")
PAGES = ("", "edit", "address", "hand-over", "cancel", "offer", "decline")


@pytest.mark.parametrize("status", PLACE_STATUSES)
@pytest.mark.parametrize("state", ["open", "frozen", "begun", "over", "archived"])
def test_every_page_of_every_status_is_in_order_and_changes_nothing(
    client, people, page_of, writing, clock, database_url, status, state
):
    person = people[0]
    with writing() as session:
        claim = claim_of(session, person)
        claim.status = status
        claim.position = 9 if status in (ClaimStatus.WAITLISTED, ClaimStatus.REQUESTED) else None
        if status == ClaimStatus.OFFERED:
            claim.offered_at, claim.offered_until = NOW, NOW + timedelta(hours=10)
        person = session.get_one(Registration, person.id)
        person.ended_at = NOW if status == ClaimStatus.CANCELLED else None
        edition = person.edition
        if state == "archived":
            edition.status = EditionStatus.ARCHIVED
        later = {"frozen": edition.details_freeze_at(), "begun": edition.begins_at(), "over": edition.finishes_at()}
        clock.move_to(later.get(state, NOW))
    before = dump(database_url)
    for path in PAGES:
        page = client.get(page_of(person, path))
        assert page.status in (200, 403), page
        assert status_of(page) == status
        assert person.reference in page.text
    assert client.get(page_of(person, "calendar.ics")).status == 200
    assert dump(database_url) == before


@pytest.mark.parametrize("path", PAGES)
def test_what_was_typed_is_shown_as_text(client, people, page_of, writing, path):
    with writing() as session:
        for name in TEXTS:
            setattr(session.get_one(Registration, people[0].id), name, EVIL)
        session.get_one(Registration, people[0].id).edition.city = EVIL
    page = client.get(page_of(people[0], path))
    assert page.status == 200
    assert page.all("[onerror]") == []
    if path in ("", "edit"):
        assert page.html.count("&lt;img src=x onerror=alert(1)&gt;") >= len(TEXTS) - 1


def test_what_was_typed_wrongly_is_shown_as_text(client, people, page_of):
    for path, fields in {
        "edit": {"organisation": EVIL + "x" * 300, "phone": EVIL},
        "address": {"email": EVIL},
        "hand-over": {"given_name": EVIL, "email": EVIL},
    }.items():
        page = client.get(page_of(people[0], path)).form("main form").fill(fields).submit()
        assert page.status == 422 and page.all("[onerror]") == []
        form = page.form("main form")
        assert {name: form.value(name) for name in fields} == fields


def test_details_are_changed_and_told(client, ana, people, mail):
    page = (
        client.get(ana).follow("Change details").form().fill(organisation="Ruse Cluster", photo_consent=False).submit()
    )
    assert (page.url, page.redirects) == (ana, [f"{ana}edit"])
    assert "Changes saved." in page.text and "Ruse Cluster" in page.text
    assert "Changes saved." not in client.get(ana).text
    unchanged = client.get(f"{ana}edit").form().submit()
    assert "Nothing has been changed." in unchanged.text
    assert mail(people[0]) == ["registration-confirmed", "registration-changed"]


def test_details_are_read_only_after_the_freeze(client, ana, clock, mail):
    edit, hand_over = client.get(f"{ana}edit").form(), client.get(f"{ana}hand-over").form()
    clock.move_to(NOW + timedelta(days=150))
    words = "Since 15:00, Thursday 1 April 2027%s only the organisers can change your details."
    typed = edit.fill(dietary="Carries an EpiPen").submit()
    assert "This has not been saved" in typed.text and typed.one(".as-typed:lexbor-contains('EpiPen')")
    for page in (typed, hand_over.submit(), client.get(f"{ana}edit")):
        assert page.status == 403 and words % " (Sofia time)" in page.text
        assert "host@dofc.test" in page.text
    own = client.get(ana)
    assert words % "" in own.text and "Change details" not in own.text
    # Nothing is offered that would be refused.
    assert "hand-over" not in own.html and "ask them to give your place to a colleague" in own.text
    assert own.follow("Wrong address? Change it").form().fill(email="new@dofc.test").submit().status == 200
    assert mail("new@dofc.test") == ["registration-confirmed"]


def test_cancelling_asks_first_and_is_final(client, ana, people, mail):
    page = client.get(ana).follow("Cancel this registration")
    assert "Your place will be free for the next in line immediately." in page.text and status_of(page) == "confirmed"
    form = page.form()
    done = form.submit("Cancel my registration")
    assert (done.url, status_of(done)) == (ana, "cancelled")
    assert done.link("Register again") == "/editions/2027/register"
    again = form.submit()
    assert again.status == 403 and status_of(again) == "cancelled"
    assert "There is nothing to cancel" in client.get(f"{ana}cancel").text
    assert mail(people[0]) == ["registration-confirmed", "registration-cancelled"]
    assert mail(people[1]) == ["registration-waitlisted", "registration-offered"]


def test_nobody_is_told_to_register_again_once_registration_has_closed(client, boris, people, page_of, writing, clock):
    assert "You can register again" in client.get(page_of(people[2], "cancel")).text
    with writing() as session:
        edition = session.scalars(select(Edition)).one()
        edition.registration_closes_at, closed_at = NOW + timedelta(hours=1), NOW + timedelta(hours=2)
    clock.move_to(closed_at)
    asked = [client.get(f"{boris}decline"), client.get(page_of(people[2], "cancel"))]
    for page in (*asked, *(page.form().submit() for page in asked)):
        assert "only the organisers can help" in page.text and "register again, with" not in page.text, page
    with writing() as session:
        for message in letters(session)[-2:]:
            assert message.kind == "registration-cancelled" and "write to the organisers." in message.html
            assert not any(word in message.text + message.html for word in ("/register", "register again"))


@pytest.mark.parametrize("path", ["edit", "address", "hand-over", "cancel", "offer", "decline", "rejoin"])
def test_a_form_without_its_token_is_400_and_changes_nothing(client, ana, people, path, database_url):
    before = dump(database_url)
    page = client.post(f"{ana}{path}", {"given_name": "Kept", "email": "kept@dofc.test", "answer": "accept"})
    assert page.status == 400 and status_of(page) == "confirmed"
    if path in ("edit", "hand-over"):
        assert page.form("main form").value("given_name") == "Kept"
    if path in ("address", "hand-over"):
        assert page.form("main form").value("email") == "kept@dofc.test"
    assert dump(database_url) == before


@pytest.mark.parametrize("path", ["address", "hand-over"])
def test_one_address_gets_five_messages_an_hour(client, writing, page_of, path):
    with writing() as session:
        edition = make_edition(session, year=2027, capacity=9)
        six = [make_registration(session, edition) for _ in range(6)]
    for person in six:
        form = client.get(page_of(person, path)).form()
        page = form.fill({name: "victim@dofc.test" if name == "email" else "Mira" for name in form.names}).submit()
        if path == "hand-over":
            page = page.form().submit("Hand over")
    assert page.status == 429 and int(page.headers["Retry-After"]) > 0
    assert page.form("main form").value("email") == "victim@dofc.test"


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (MessageState.QUEUED, "An email is on its way to"),
        (MessageState.SENT, "Our last email was sent to"),
        (MessageState.DEAD, "could not be delivered. Please correct the address."),
        (MessageState.KEPT, "No mail server is set up for this site, so no email has been sent."),
    ],
)
def test_the_own_page_says_where_its_message_is(client, ana, people, writing, state, words):
    with writing() as session:
        (message,) = letters(session, to=people[0].email)
        session.get_one(Message, message.id).state = state
    assert words in client.get(ana).text


def test_what_did_not_reach_the_delegate_is_said_where_they_look_first(client, ana, people, writing, clock):
    with writing() as session:
        (message,) = letters(session, to=people[0].email)
        session.get_one(Message, message.id).state = MessageState.DEAD
    warning = client.get(ana).one(".notice-warning")
    assert "could not be delivered" in warning.text and warning.select_one("a")["href"] == f"{ana}address"
    with writing() as session:
        session.get_one(Message, message.id).state = MessageState.QUEUED
    clock.shift(timedelta(minutes=11))
    page = client.get(ana)
    assert "has not been sent yet. We keep trying." in page.text and "on its way" not in page.text
    # The address is beside the ticket, to be seen by who mistyped it.
    assert "Wrong address?" in page.one(".ticket + p").text


def test_the_calendar_file_is_a_download(client, ana):
    answer = client.get(f"{ana}calendar.ics")
    assert answer.headers["Content-Type"].startswith("text/calendar")
    assert "attachment" in answer.headers["Content-Disposition"]
    (event,) = Calendar.from_ical(answer.data).walk("VEVENT")
    assert str(event["STATUS"]) == "CONFIRMED"


def test_the_own_page_is_a_ticket(client, ana, people):
    page = client.get(ana)
    ticket = page.one(".ticket")
    words = " ".join(ticket.get_text(" ").split())
    for said in ("Place confirmed", people[0].reference, people[0].full_name, "09:30, Friday 21 May 2027 (Sofia time)"):
        assert said in words
    assert "House of Clusters 12 Vitosha Boulevard Sofia, Bulgaria" in words
    assert page.text.count("Sofia time") == 1
    links = {link.text: link["href"] for link in ticket.select("a")}
    assert links["Calendar file"] == f"{ana}calendar.ics"
    assert links["Google"].startswith("https://calendar.google.com/calendar/render?action=TEMPLATE")
    assert "dates=20270521T063000Z%2F20270523T130000Z" in links["Google"]
    assert "startdt=2027-05-21T06%3A30%3A00Z" in links["Outlook"] and "Vitosha" in links["Open a map"]
    # Calendars are shared: nothing that acts for the delegate goes into one.
    assert not any(people[0].reference in address for address in links.values() if address.startswith("https:"))
    # Details can be looked up, and are not in the way.
    assert page.one("details.own-details dl") and not page.one("details.own-details").has_attr("open")


def test_an_address_that_looks_mistyped_is_asked_about_and_taken(client, people, page_of, writing, clock):
    with writing() as session:
        session.get_one(Registration, people[0].id).email = "ana@gmial.com"
    own = page_of(people[0])
    page = client.get(own)
    assert "The address is ana@gmial.com. Did you mean ana@gmail.com?" in page.text
    assert page.follow("Change it").form().value("email") == "ana@gmial.com"
    # Somebody who has looked at it is not asked for ever.
    clock.shift(timedelta(days=1))
    assert "Did you mean" not in client.get(own).text


def test_whoever_registered_can_register_a_colleague_while_registration_is_open(client, ana, clock):
    assert client.get(ana).link("Add a colleague").startswith("/groups/with/")
    clock.move_to(NOW + timedelta(days=150))
    assert "Add a colleague" not in client.get(ana).text


def test_two_people_see_nothing_of_each_other(client, ana, people, page_of):
    assert people[1].reference not in client.get(ana).html
    mixed = ana.replace(people[0].reference, people[1].reference)
    assert client.get(mixed).status == 404


def test_a_link_ends_half_a_year_after_the_edition_and_the_page_says_so(client, ana, reading, clock):
    with reading() as session:
        edition = session.scalars(select(Edition)).one()
        year, finished_at = edition.year, edition.finishes_at()
    clock.move_to(finished_at + timedelta(days=182))
    assert client.get(ana).status == 200
    clock.move_to(finished_at + timedelta(days=183))
    for path in ("", "edit", "cancel", "calendar.ics"):
        page = client.get(f"{ana}{path}")
        assert page.status == 404 and page.h1 == "This link has ended" and "six months" in page.text
    assert client.get(f"/editions/{year}/lost-link").status == 404
