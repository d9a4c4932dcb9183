"""An offer on the delegate's own pages, and what archiving ends, through HTTP only."""

from datetime import timedelta

import pytest

from dofc_events.conference.models import Edition
from dofc_events.conference.rules import EditionStatus
from dofc_events.memory.figures.service import archive
from dofc_events.registration import timers
from tests.registration.own.conftest import status_of
from tests.support.factories import DELEGATE, NOW, make_edition, make_registration


def test_an_offer_is_accepted(client, boris, people, mail):
    page = client.get(boris)
    assert "Accept it before the end of Monday 2 November 2026 (Sofia time). 10 hours left" in page.text
    form = page.form("/offer")
    done = form.submit("Accept the place")
    assert (done.url, status_of(done)) == (boris, "confirmed")
    assert mail(people[1])[-1] == "registration-confirmed"
    again = form.submit("Accept the place")
    assert status_of(again) == "confirmed" and len(mail(people[1])) == 3


def test_an_offer_is_declined(client, boris, people, mail):
    asked = client.get(f"{boris}offer").form().submit("Decline")
    assert (asked.h1, status_of(asked)) == ("Decline the place?", "offered")
    assert status_of(client.get(boris)) == "offered"
    done = asked.form().submit("Decline the place")
    assert status_of(done) == "cancelled"
    assert mail(people[2])[-1] == "registration-offered"


@pytest.mark.parametrize("answer", ["Accept the place", "Decline"])
def test_an_offer_ends_by_the_clock_though_no_worker_ran(client, boris, people, mail, clock, answer):
    form = client.get(f"{boris}offer").form()
    clock.shift(timedelta(hours=10))
    page = form.submit(answer)
    assert page.status == 403
    for shown in (page, client.get(f"{boris}offer")):
        assert "There is no open offer" in shown.text and "Accept the place" not in shown.text
        assert "the end of Monday 2 November 2026 (Sofia time)" in shown.text
    own = client.get(boris)
    assert "The deadline was the end of Monday 2 November 2026." in own.text
    assert own.all("a[href$=offer]") == []
    assert mail(people[1]) == ["registration-waitlisted", "registration-offered"]


def test_an_offer_without_an_answer_is_asked_again(client, boris):
    form = client.get(f"{boris}offer").form()
    page = client.post(f"{boris}offer", {"csrf_token": form.value("csrf_token"), "answer": "maybe"})
    assert (page.status, status_of(page)) == (422, "offered")


def test_after_a_lapsed_offer_one_button_leads_back_to_the_list(client, boris, people, writing, mail, clock):
    clock.shift(timedelta(hours=10))
    with writing() as session:
        timers.lapse_offers(session, people[1].id, DELEGATE, NOW + timedelta(hours=10))
    page = client.get(boris)
    assert status_of(page) == "expired" and "Offer lapsed" in page.text
    trips = client.get(f"{boris}trips")
    assert trips.status == 403 and "so you cannot choose trips" in trips.text and "your details" not in trips.text
    # What nobody holds is given up by nobody.
    assert "Your place will be free" not in page.follow("Cancel this registration").text
    form = page.form("rejoin")
    done = form.submit("Rejoin the waiting list")
    assert (done.url, status_of(done)) == (boris, "waitlisted")
    assert mail(people[1])[-1] == "registration-waitlisted"
    assert "That is no longer possible" in form.submit().text
    assert len(mail(people[1])) == 4


@pytest.mark.parametrize("person", [1, 2])
@pytest.mark.parametrize("is_free", [False, True])
def test_what_ended_with_the_archiving_is_not_called_late_once_the_edition_is_taken_out(
    client, boris, people, page_of, writing, clock, person, is_free
):
    clock.shift(timedelta(hours=1))
    with writing() as session:
        edition = session.get_one(Edition, people[0].edition_id)
        edition.status = EditionStatus.ARCHIVED
        timers.lapse_offers(session, people[1].id, DELEGATE, NOW + timedelta(hours=1))
        timers.close_list(session, [people[2].id], DELEGATE, NOW + timedelta(hours=1))
        edition.status = EditionStatus.PUBLISHED
        if not is_free:
            make_registration(session, edition, now=NOW + timedelta(hours=1))
    page = client.get(page_of(people[person]))
    assert status_of(page) == "expired" and "in time" not in page.text
    assert "The waiting list was closed, and all offers ended with it." in page.text
    assert len(page.all("form[action$=rejoin]")) == 1
    for path in ("offer", "decline"):
        said = client.get(page_of(people[person], path)).text
        assert "There is no open offer" in said and "all offers ended with it." in said


@pytest.mark.parametrize("is_free", [False, True])
def test_a_place_that_was_to_be_confirmed_and_ended_with_the_archiving_is_not_called_late(
    client, writing, page_of, is_free
):
    with writing() as session:
        edition = make_edition(session, year=2029, capacity=1, confirms_places=True)
        person = make_registration(session, edition)
        edition.status = EditionStatus.ARCHIVED
        timers.lapse_offers(session, person.id, DELEGATE, NOW)
        edition.status = EditionStatus.PUBLISHED
        if not is_free:
            make_registration(session, edition)
    page = client.get(page_of(person))
    assert status_of(page) == "expired" and "in time" not in page.text
    for shown in (page, client.get(page_of(person, "offer"))):
        assert "closed before you confirmed your place, so it is no longer held for you." in shown.text


@pytest.mark.parametrize("archived", [False, True])
def test_an_edition_is_over_once_it_has_ended_and_not_because_it_is_archived(
    client, ana, people, page_of, writing, clock, archived
):
    with writing() as session:
        edition = session.get_one(Edition, people[0].edition_id)
        edition.status = EditionStatus.ARCHIVED
    for path in ("", "edit", "address", "hand-over", "trips", "cancel"):
        said = client.get(f"{ana}{path}").text
        assert "The organisers have archived this edition" in said, path
        assert "is over" not in said and "Thank you" not in said and "already ended" not in said, path
    with writing() as session:
        session.get_one(Edition, edition.id).status = EditionStatus.ARCHIVED if archived else EditionStatus.PUBLISHED
    clock.move_to(edition.finishes_at())
    assert "This edition is over. Thank you for being part of it." in client.get(ana).text
    never_had_a_place = client.get(page_of(people[1])).text
    assert "This edition is over." in never_had_a_place and "Thank you" not in never_had_a_place
    for path in ("edit", "cancel"):
        said = client.get(f"{ana}{path}").text
        assert "This edition is over." in said and "have archived" not in said and "already ended" not in said, path


def test_an_edition_that_was_archived_before_it_began_stays_cancelled(client, ana, people, writing, clock):
    with writing() as session:
        archive(session, people[0].edition_id, DELEGATE, NOW)
        finishes_at = session.get_one(Edition, people[0].edition_id).finishes_at()
    for moment in (NOW, finishes_at):
        clock.move_to(moment)
        page = client.get(ana)
        assert page.one("h1").text == "Days of Clusters 2027 has been cancelled" and status_of(page) == "confirmed"
        assert "You don’t need to do anything." in page.text
        assert "Thank you" not in page.text and "Add to your calendar" not in page.text
        for path in (f"{ana}edit", f"{ana}cancel", "/editions/2027/register"):
            said = client.get(path).text
            assert "This edition has been cancelled." in said and "still works" not in said, path
