"""Who can see which organisers' page; the overview; one registration."""

import re

import pytest
from sqlalchemy import select

from dofc_events.conference.queries import edition_by_year
from dofc_events.delegates.models import Registration
from dofc_events.mail.models import Message
from dofc_events.registration.service import cancel_registration, change_details
from tests.support.factories import (
    DELEGATE,
    NOW,
    make_edition,
    make_organisation,
    make_registration,
    make_registration_request,
)


@pytest.fixture
def register(writing, year):
    """`register(given_name="Ana")`: the reference of somebody who registered."""

    def register(**changes) -> str:
        with writing() as session:
            return make_registration(session, edition_by_year(session, year), **changes).reference

    return register


def pages(year: int, reference: str) -> list[str]:
    of_edition = f"/organise/editions/{year}"
    names = ("/", "/registrations", f"/registrations/{reference}", f"/registrations/{reference}/address")
    return [of_edition + name for name in (*names, "/mail", "/mail/1", "/settings", "/publish", "/archive")]


def messages_about(reading, reference: str) -> list[Message]:
    with reading() as session:
        return list(session.scalars(select(Message).where(Message.about == reference).order_by(Message.id)))


# Who may see what


@pytest.mark.parametrize("role", ["chair", "organiser"])
def test_pages_open_for_chair_and_organisers(enter, edition, register, role):
    browser = enter(role, edition if role == "organiser" else None)
    for path in pages(edition.year, register()):
        assert browser.get(path).status == 200, path


def test_pages_are_refused_to_the_desk(enter, edition, register):
    desk = enter("desk", edition)
    for path in pages(edition.year, register()):
        assert desk.get(path).status == 403, path


def test_pages_are_hidden_from_another_editions_organiser(enter, edition, register, writing):
    with writing() as session:
        other = make_edition(session, year=2031)
    stranger = enter("organiser", other)
    for path in pages(edition.year, register()):
        assert stranger.get(path).status == 404, path


def test_pages_ask_to_sign_in(edition, register, client):
    for path in [*pages(edition.year, register()), "/organise/", "/organise/mail", "/organise/editions/new"]:
        answer = client.get(path, follow=False)
        assert (answer.status, answer.headers["Location"]) == (303, "/sign-in"), path


def test_chairs_pages_are_refused_to_organisers(organiser, edition):
    for path in (
        "/organise/mail",
        "/organise/mail/1",
        "/organise/editions/new",
        f"/organise/editions/{edition.year}/copy",
    ):
        assert organiser.get(path).status == 403, path


@pytest.mark.parametrize("number", [99999999999999999999, 2026])
def test_edition_that_is_not_there_is_not_found(enter, number):
    assert enter("chair").get(f"/organise/editions/{number}/").status == 404


# The overview


def test_overview_shows_organisers_their_edition_and_no_other(enter, edition, writing):
    with writing() as session:
        make_edition(session, year=2031)
    page = enter("organiser", edition).get("/organise/")
    assert edition.name in page.text
    assert "2031" not in page.text
    assert "New edition" not in page.text


def test_overview_shows_the_chair_everything(enter, edition, writing):
    with writing() as session:
        make_edition(session, year=2031)
    page = enter("chair").get("/organise/")
    assert "2031" in page.text
    assert page.link("New edition") == "/organise/editions/new"
    assert page.link("All emails") == "/organise/mail"


@pytest.mark.parametrize(
    ("role", "words"), [("member", "You are not organising an edition"), ("board", "You are not organising an edition")]
)
def test_overview_says_something_to_representatives(enter, edition, writing, role, words):
    with writing() as session:
        organisation = make_organisation(session)
    page = enter(role, organisation=organisation).get("/organise/")
    assert words in page.text
    assert edition.name not in page.text


def test_overview_leads_the_desk_to_the_door_and_nowhere_else(enter, edition):
    page = enter("desk", edition).get("/organise/")
    links = [link["href"] for link in page.all(f'a[href*="/organise/editions/{edition.year}"]')]
    assert links == [f"/organise/editions/{edition.year}/check-in"]


# One registration


def test_registration_shows_everything_but_the_link(organiser, register, writing, year):
    reference = register(given_name="Ana", family_name="Kovač", dietary="No nuts", phone="+381 11 123 4567")
    with writing() as session:
        found = session.scalars(select(Registration).where(Registration.reference == reference)).one()
        details = make_registration_request(
            given_name="Ana", family_name="Kovač", country="CZ", dietary="No nuts"
        ).details
        change_details(session, found.id, details, DELEGATE, NOW)
    page = organiser.get(f"/organise/editions/{year}/registrations/{reference}")
    assert page.h1 == "Ana Kovač"
    assert page.one("[data-registration-status]")["data-registration-status"] == "confirmed"
    for words in ("No nuts", "My data may be used", "Registered, with a place", "Country: Türkiye → Czechia"):
        assert words in page.text, words
    assert len(page.all("#messages ~ table tbody tr")) == 2
    assert not re.search(r"/registrations/[^/]*\.", page.html), "a link that acts for the delegate"


def test_registration_says_the_position_on_the_list(organiser, register, year):
    register(), register(), register()
    page = organiser.get(f"/organise/editions/{year}/registrations/{register()}")
    assert page.one("[data-registration-status]")["data-registration-status"] == "waitlisted"
    assert "Number 2 on the waiting list" in page.text


@pytest.mark.databases("sqlite", "postgresql")
def test_strange_reference_is_not_found(organiser, year):
    assert organiser.get(f"/organise/editions/{year}/registrations/%00").status == 404


def test_another_editions_reference_is_not_found(organiser, register, writing, year):
    with writing() as session:
        elsewhere = make_registration(session, make_edition(session, year=2031)).reference
    for name in ("", "/address"):
        assert organiser.get(f"/organise/editions/{year}/registrations/{elsewhere}{name}").status == 404


# Correcting an address


def correct(browser, year, reference, email):
    return browser.get(f"/organise/editions/{year}/registrations/{reference}/address").form().fill(email=email).submit()


def test_correcting_an_address_takes_back_what_waits_and_writes_anew(organiser, register, reading, year):
    reference = register(email="typo@dofc.test")
    page = correct(organiser, year, reference, "right@dofc.test")
    assert "We will now write to right@dofc.test" in page.text
    assert "Address corrected from typo@dofc.test to right@dofc.test" in page.text
    assert [(m.recipient, m.kind, m.state) for m in messages_about(reading, reference)] == [
        ("typo@dofc.test", "registration-confirmed", "withdrawn"),
        ("typo@dofc.test", "address-changed", "kept"),
        ("right@dofc.test", "registration-confirmed", "kept"),
    ]


def test_correcting_to_a_known_address_changes_nothing(organiser, register, year):
    other = register(email="other@dofc.test")
    reference = register(email="typo@dofc.test")
    page = correct(organiser, year, reference, "other@dofc.test")
    assert "Nothing has been changed" in page.text
    assert "typo@dofc.test" in page.text
    assert page.status == 422 and page.form().value("email") == "other@dofc.test"
    assert f"/registrations/{other}" in page.link("Open the registration of")


def test_correcting_needs_an_address(organiser, register, year):
    page = correct(organiser, year, register(), "no address")
    assert page.status == 422
    assert page.form().value("email") == "no address"


def test_correcting_is_over_once_cancelled(organiser, register, writing, year):
    reference = register()
    form = organiser.get(f"/organise/editions/{year}/registrations/{reference}/address").form()
    with writing() as session:
        found = session.scalars(select(Registration).where(Registration.reference == reference)).one()
        cancel_registration(session, found.id, DELEGATE, NOW)
    page = form.fill(email="right@dofc.test").submit()
    assert page.status == 403
    assert "has been cancelled" in page.text


def test_list_shows_those_who_wait_their_place_in_line(organiser, register, year):
    references = [register() for _number in range(4)]
    page = organiser.get(f"/organise/editions/{year}/registrations")
    rows = [page.one(f'tr[data-registration="{reference}"]').get_text(" ") for reference in references]
    assert ["Number" in row for row in rows] == [False, False, True, True]
    assert "Number 1" in rows[2] and "Number 2" in rows[3]


def test_what_is_typed_is_shown_before_it_is_saved(organiser, year):
    page = organiser.get(f"/organise/editions/{year}/settings/texts")
    preview = page.form().fill(programme="21. October\n23. October\n[x](/editions/)").submit("Preview")
    assert preview.status == 200 and preview.h1 == "Preview" and "Programme" in preview.text
    assert [item["value"] for item in preview.all(".prose li")] == ["21", "23"]
    assert "21. October" not in str(organiser.get(f"/editions/{year}/"))


@pytest.mark.parametrize("text", ["See [the map](plan.pdf).", "[x](http://plan)"])
def test_a_link_that_leads_nowhere_is_not_saved(organiser, year, text):
    answer = (
        organiser.get(f"/organise/editions/{year}/settings/texts")
        .form()
        .fill(programme=text)
        .submit("Save the settings")
    )
    assert answer.status == 422 and "This link does not work" in answer.text
    assert answer.form().value("programme") == text
