"""Emails to delegates: every message is complete, in both parts, with its calendar entry."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from icalendar import Calendar

from dofc_events.conference.service import change_edition, details_of
from dofc_events.core.audit import COMMAND
from dofc_events.delegates.queries import token_of
from dofc_events.notices import mails
from dofc_events.notices.mails import calendar_of
from dofc_events.notices.news.service import News
from dofc_events.notices.queries import STATUS_KINDS, standing_of
from dofc_events.notices.service import tell
from dofc_events.registration import service
from dofc_events.registration.hand_over import service as hand_overs
from tests.support.factories import DELEGATE, NOW, make_edition, make_registration
from tests.support.letters import deliver_all, letters
from tests.support.tree import parsed

# What an email says does not depend on the database.
pytestmark = pytest.mark.databases("sqlite")

EVIL = "<b/onmouseover=alert(1)>Müller</b>{{777777*7}}%(x)s"
MESSAGES = (
    lambda standing: mails.registration_confirmed(standing, {}),
    lambda standing: mails.registration_waitlisted(standing, {}),
    lambda standing: mails.registration_offered(standing, {}),
    lambda standing: mails.offer_reminder(standing, [standing.claim]),
    lambda standing: mails.registration_expired(standing, {}),
    lambda standing: mails.registration_cancelled(standing, {}),
    lambda standing: mails.registration_cancelled(standing, {}, merged_into="ABCD-2345"),
    lambda standing: mails.registration_changed(standing, ["given_name", "dietary"]),
    mails.registration_link,
    mails.already_registered,
    lambda standing: mails.handed_over(standing, email="old@dofc.test", name=EVIL, token="old-token"),
    lambda standing: mails.taken_back(standing, email="old@dofc.test"),
    lambda standing: mails.address_changed(standing, email="old@dofc.test"),
)


@pytest.fixture
def edition(session):
    return make_edition(session, capacity=1, offer_hours=10)


@pytest.fixture
def offered(session, edition):
    """A delegate whose every field was filled in by somebody with bad intentions, and who is offered a place."""
    first = make_registration(session, edition)
    fields = ("given_name", "family_name", "badge_name", "organisation", "job_title", "dietary", "access_needs")
    typed: dict[str, Any] = dict.fromkeys(fields, EVIL)
    registration = make_registration(session, edition, **typed)
    service.cancel_registration(session, first.id, DELEGATE, NOW)
    return standing_of(session, registration.id)


@pytest.mark.parametrize("write", MESSAGES)
def test_every_message_is_complete_and_shows_what_was_typed_as_text(offered, write):
    envelope = write(mails.Standing(offered.registration, offered.edition, offered.claim, 1))
    page = parsed(envelope.html)
    assert not page.select("b, script, [onmouseover]")
    assert "5444439" not in envelope.text and page.select("title")
    for part in (envelope.text, page.get_text()):
        assert offered.edition.name in part and "host@dofc.test" in part
        assert "None" not in part and "%(" not in part.replace(EVIL, "")
    assert offered.edition.name in envelope.subject and "\n" not in envelope.subject
    assert (envelope.reply_to, envelope.scope, envelope.sender_name) == (
        "host@dofc.test",
        str(offered.edition.year),
        offered.edition.name,
    )
    assert all(len(line) <= 76 or line.startswith("http") for line in envelope.text.splitlines())
    links = [str(a["href"]) for a in page.select("a[href]")]
    assert all(link.startswith(("http://dofc.test/", "mailto:host@dofc.test")) for link in links)
    for link in links:
        assert link.removeprefix("mailto:") in envelope.text


@pytest.mark.parametrize("write", MESSAGES[:-3])
def test_every_message_to_the_delegate_has_the_link_and_the_reference(offered, write):
    envelope = write(mails.Standing(offered.registration, offered.edition, offered.claim, 1))
    own_page = f"http://dofc.test/registrations/{token_of(offered.registration)}/"
    for part in (envelope.text, envelope.html):
        assert own_page in part and offered.registration.reference in part


@pytest.mark.parametrize("write", MESSAGES[-3:])
def test_messages_to_who_is_no_delegate_any_more_have_neither_link_nor_status_of_theirs(offered, write):
    envelope = write(offered)
    said = envelope.text + envelope.html
    assert token_of(offered.registration) not in said and not envelope.attachments
    assert offered.registration.reference not in said and "Place offered" not in said
    assert "/registrations/" not in said.replace("/registrations/old-token/take-back", "")
    assert envelope.recipient == "old@dofc.test"


def test_the_offer_says_until_when_in_the_zone_of_the_edition(session, offered):
    (message,) = [m for m in letters(session) if m.kind == "registration-offered"]
    text = " ".join(message.text.split())
    assert "Accept it before 00:00" not in text
    assert f"/registrations/{token_of(offered.registration)}/offer" in message.text
    assert "the end of Monday 2 November 2026 (Sofia time)" in text


def test_a_name_of_one_word_is_greeted_without_a_gap(session, edition):
    make_registration(session, edition, given_name="민준", family_name="")
    (message,) = letters(session)
    assert message.text.partition("\n\n")[2].startswith("Dear 민준,\n") and message.recipient_name == "민준"


def test_an_international_domain_is_written_on_the_envelope_in_ascii(session, edition):
    make_registration(session, edition, email="ana@пример.бг")
    (message,) = letters(session)
    assert message.recipient == "ana@xn--e1afmkfd.xn--90ae"


def events(session, registration):
    """The calendar entries that a delegate was sent, oldest first."""
    found = []
    for message in letters(session, about=registration.reference):
        for file in message.attachments:
            calendar = Calendar.from_ical(file["body"])
            (event,) = calendar.walk("VEVENT")
            assert file["content_type"] == f"text/calendar; charset=utf-8; method={calendar['METHOD']}"
            assert event["ORGANIZER"] == "mailto:host@dofc.test"
            found.append((str(calendar["METHOD"]), event))
    return found


def test_a_delegate_is_called_as_the_country_calls_people(session, edition):
    make_registration(session, edition, given_name="János", family_name="Kovács", country="HU")
    (message,) = letters(session)
    assert "\n\nDear Kovács János,\n" in message.text and message.recipient_name == "Kovács János"


def test_the_calendar_entry_stays_the_same_one_and_each_version_replaces_the_last(session, edition):
    registration = make_registration(session, edition)
    service.correct_address(session, registration.id, "other@dofc.test", DELEGATE, NOW)
    edition.revision += 2
    hand_overs.hand_over(session, registration.id, "Mira", "", "mira@dofc.test", DELEGATE, NOW)
    deliver_all(session)
    service.cancel_registration(session, registration.id, DELEGATE, NOW)
    found = events(session, registration)
    assert {str(event["UID"]) for _, event in found} == {f"{registration.reference}@days-of-clusters"}
    sequences = [event["SEQUENCE"] for _, event in found]
    assert sequences[-1] == edition.revision + registration.revision
    assert sequences == sorted(set(sequences))
    assert [str(event["STATUS"]) for _, event in found][-2:] == ["CONFIRMED", "CANCELLED"]
    assert [method for method, _ in found][-2:] == ["PUBLISH", "CANCEL"]


def test_who_hands_over_gets_the_days_taken_out_of_the_calendar(session, edition):
    registration = make_registration(session, edition, email="ana@dofc.test")
    (_, had), *_ = events(session, registration)
    hand_overs.hand_over(session, registration.id, "Mira", "", "mira@dofc.test", DELEGATE, NOW)
    sent = {message.recipient: message for message in letters(session, about=registration.reference)}
    former, colleague = (
        Calendar.from_ical(sent[f"{name}@dofc.test"].attachments[0]["body"]) for name in ("ana", "mira")
    )
    (taken_out,), (new,) = former.walk("VEVENT"), colleague.walk("VEVENT")
    assert (str(former["METHOD"]), str(taken_out["STATUS"])) == ("CANCEL", "CANCELLED")
    assert str(taken_out["UID"]) == str(had["UID"]) and taken_out["SEQUENCE"] > had["SEQUENCE"]
    assert (str(colleague["METHOD"]), str(new["STATUS"])) == ("PUBLISH", "CONFIRMED")
    assert "removes the event from your calendar" in " ".join(sent["ana@dofc.test"].text.split())


def test_who_hands_over_a_place_on_the_waiting_list_has_nothing_in_the_calendar(session):
    edition = make_edition(session, capacity=0)
    registration = make_registration(session, edition, email="ana@dofc.test")
    hand_overs.hand_over(session, registration.id, "Mira", "", "mira@dofc.test", DELEGATE, NOW)
    messages = letters(session, about=registration.reference)
    assert not any(message.attachments for message in messages)
    assert not any("removes the event from your calendar" in " ".join(message.text.split()) for message in messages)


@pytest.mark.parametrize("change", [{"venue": "Elsewhere"}, {"contact_email": "new@dofc.test"}])
def test_what_a_calendar_shows_moves_its_number_and_its_time(session, edition, change):
    registration = make_registration(session, edition)
    later = NOW + timedelta(days=1)

    def event():
        file = calendar_of(standing_of(session, registration.id))
        return Calendar.from_ical(file.text).walk("VEVENT")[0]

    before = event()
    change_edition(session, edition.id, replace(details_of(edition), **change), COMMAND, later)
    after = event()
    assert before["LAST-MODIFIED"].dt == NOW and after["LAST-MODIFIED"].dt == later == after["DTSTAMP"].dt
    assert after["SEQUENCE"] > before["SEQUENCE"]


def test_the_calendar_entry_has_the_times_and_the_place_of_the_edition(session, edition):
    registration = make_registration(session, edition)
    ((_, event),) = events(session, registration)
    assert event["DTSTART"].dt == edition.begins_at() and event["DTEND"].dt == edition.finishes_at()
    assert event["DTSTART"].params["TZID"] == "Europe/Sofia"
    assert str(event["LOCATION"]) == "House of Clusters, 12 Vitosha Boulevard, Sofia"
    # Calendars are shared: what acts for a person is not in them.
    assert str(event["URL"]) == f"http://dofc.test/editions/{edition.year}/"
    description = str(event["DESCRIPTION"])
    assert "/registrations/" not in description and "host@dofc.test" in description


def test_after_the_freeze_no_message_names_a_date_until_which_one_could_change(session, edition):
    person, until = make_registration(session, edition), edition.details_freeze_at()
    assert until is not None
    for moment, is_named in ((until - timedelta(seconds=1), True), (until, False)):
        tell(session, person.id, News(place=True), moment)
        message = letters(session, to=person.email)[-1]
        for part in (message.text, message.html):
            words = " ".join(part.split())
            assert ("hand it over" in words) == ("1 April 2027" in words) == is_named, words


def test_an_edition_without_dates_has_no_calendar_entry(session):
    edition = make_edition(session, starts_on=None, ends_on=None, starts_at=None, ends_at=None, year=2031)
    make_registration(session, edition)
    (message,) = letters(session)
    assert message.attachments == [] and "When:" not in message.text


@pytest.mark.parametrize("status", STATUS_KINDS)
def test_every_status_is_told_by_a_message_of_its_kind(offered, status):
    offered.claim.status = status
    with_position = mails.Standing(offered.registration, offered.edition, offered.claim, 1)
    envelope = mails.status_message(with_position, {}, handed_over_by="Žofia")
    assert envelope.kind == STATUS_KINDS[status]
    assert ("Žofia" in envelope.text) == ("Žofia" in envelope.html)


def test_the_news_stands_above_the_greeting_and_what_can_be_changed_has_its_date(session, edition):
    person = make_registration(session, edition, given_name="Ana")
    message = letters(session, to=person.email)[-1]
    assert message.text.startswith(f"Your place at {edition.name} is confirmed.\n\nDear Ana")
    assert message.html.index("is confirmed.") < message.html.index("Dear Ana")
    for part in (message.text, message.html):
        words = " ".join(part.split())
        assert "hand it over until 15:00, Thursday 1 April 2027" in words and words.count("1 April 2027") == 1


def test_what_somebody_waited_for_leads_an_email_that_also_says_what_they_changed(session, edition):
    person = make_registration(session, edition)
    standing = replace(standing_of(session, person.id), choices=("Dinner? Gala",))
    message = mails.registration_changed(standing, ["phone"])
    assert message.subject.startswith("You have it now: Dinner? Gala")
    assert message.text.startswith("You were waiting for this, and have it now: Dinner? Gala.\n")
    assert message.text.count("have it now") == 1 and "Changed: mobile phone." in message.text
