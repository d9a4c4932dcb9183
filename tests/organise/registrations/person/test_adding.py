"""Organisers add somebody."""

import re

import pytest
from sqlalchemy import select

from dofc_events.conference.models import Edition
from dofc_events.conference.rules import EditionStatus
from tests.organise.registrations.person.conftest import address, kinds
from tests.support.factories import NOW, make_trip

ANSWERS = {
    "given_name": "Ђорђе",
    "family_name": "Жикић",
    "email": "zikic@dofc.test",
    "organisation": "Zelena Energija",
    "country": "RS",
    "category": "guest",
    "consent": True,
}


def add(browser, year: int, **changes):
    return browser.get(f"/organise/editions/{year}/registrations/new").form().fill(ANSWERS | changes).submit()


def test_add_registers_somebody_and_says_who_stated_their_consent(organiser, reading, year):
    page = add(organiser, year)
    assert page.h1 == "Ђорђе Жикић"
    assert "Ђорђе Жикић has a place" in page.text and "Added by hand, with a place" in page.text
    consent = page.one("section[aria-labelledby=consent]").text
    assert "Not given here: stated at" in consent and "stated that this person has agreed" in consent
    assert kinds(reading, "zikic@dofc.test") == ["registration-confirmed"]


def test_add_needs_somebodys_agreement(organiser, reading, year):
    page = add(organiser, year, consent=False)
    assert page.status == 422 and "Ask the person first" in page.text
    assert page.form().value("family_name") == "Жикић"
    assert kinds(reading, "zikic@dofc.test") == []


def test_add_says_when_the_person_has_to_wait(organiser, register, year):
    register(), register()
    assert (
        "they will join the end of the waiting list"
        in organiser.get(f"/organise/editions/{year}/registrations/new").text
    )
    page = add(organiser, year)
    assert "is on the waiting list" in page.text and "Added by hand, on the waiting list" in page.text


def test_add_leads_to_who_has_the_address(organiser, register, reading, year):
    reference = register(email="zikic@dofc.test", given_name="Ana", family_name="Kovač")
    page = add(organiser, year)
    assert page.status == 422 and "This address is already registered." in page.text
    assert page.link(f"Ana Kovač, {reference}") == address(year, reference)
    assert kinds(reading, "zikic@dofc.test") == ["registration-confirmed"]


def test_add_of_one_form_twice_is_one_registration(organiser, year):
    form = organiser.get(f"/organise/editions/{year}/registrations/new").form().fill(ANSWERS)
    form.submit()
    assert "Nothing has been changed now" in form.fill(given_name="Jovan").submit().text


def test_add_of_another_person_with_the_same_form_asks_and_then_registers_both(organiser, year):
    form = organiser.get(f"/organise/editions/{year}/registrations/new").form().fill(ANSWERS)
    first = form.submit()
    page = form.fill(given_name="Jovan", email="jovan@own.test").submit()
    assert page.status == 422 and "You have already registered" in page.text
    second = page.form().submit()
    assert second.status == 200 and second.url != first.url and "Jovan" in second.h1


def test_add_goes_on_after_the_close_and_offers_trips_while_one_can_sign_up(organiser, writing, year):
    with writing() as session:
        edition = session.scalars(select(Edition).where(Edition.year == year)).one()
        edition.registration_closes_at = NOW
        make_trip(session, edition, "wine", title="Wine")
    assert "“Wine”" in add(organiser, year, trips=["wine"]).text


def test_add_says_that_a_full_edition_which_has_begun_takes_nobody(organiser, register, writing, year, clock):
    register(), register()
    form = organiser.get(f"/organise/editions/{year}/registrations/new").form().fill(ANSWERS)
    with writing() as session:
        edition = session.scalars(select(Edition).where(Edition.year == year)).one()
        edition.starts_on = NOW.date()
        edition.starts_at = NOW.time()
    clock.shift(3600)
    page = form.submit()
    assert page.status == 422 and "Add places in the settings first" in page.text


@pytest.mark.parametrize(("status", "words"), [("draft", "is a draft"), ("archived", "is over")])
def test_add_is_refused_unless_the_edition_runs(organiser, writing, year, status, words):
    form = organiser.get(f"/organise/editions/{year}/registrations/new").form().fill(ANSWERS)
    with writing() as session:
        session.scalars(select(Edition).where(Edition.year == year)).one().status = EditionStatus(status)
    page = organiser.get(f"/organise/editions/{year}/registrations/new")
    assert page.status == 403 and words in page.text
    assert form.submit().status == (409 if status == "archived" else 403)


def test_list_leads_to_the_form(organiser, year):
    page = organiser.get(f"/organise/editions/{year}/registrations").follow("Add somebody")
    assert page.h1 == "Add somebody"


def test_trail_names_whom_an_account_added(organiser, year):
    add(organiser, year)
    page = organiser.get(f"/organise/editions/{year}/audit?act=registered")
    assert re.search("Added by hand, with a place.*account-[0-9]+@dofc.test", " ".join(page.one("tbody").text.split()))
