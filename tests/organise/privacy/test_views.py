"""The chair's and the organisers' pages about data: periods, numbers, and erasing somebody who writes."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from dofc_events.accounts.models import Account
from dofc_events.accounts.rules import RoleName
from dofc_events.accounts.service import end_chair
from dofc_events.commands.check import faults
from dofc_events.core.audit import COMMAND, AuditEntry
from dofc_events.core.clock import now
from dofc_events.core.db import db
from dofc_events.delegates.models import Registration
from dofc_events.groups.service import Contact
from dofc_events.hosting.models import Proposal
from dofc_events.privacy.erasing.service import erase_registration
from dofc_events.privacy.queries import periods_of
from dofc_events.privacy.rules import Period
from tests.support.databases import count_queries
from tests.support.factories import make_account, make_edition, make_registration
from tests.support.groups import CONTACT, make_group, someone
from tests.support.hosting import make_call, make_proposal

pytestmark = pytest.mark.databases("sqlite")

BECAUSE = "Asked for it by email"


@pytest.fixture
def chair(writing, sign_in):
    with writing() as session:
        account = make_account(session, "chair@dofc.test", now=now())
        make_account(session, "second@dofc.test", now=now())
    return sign_in(account)


def days(app, period, edition_id=None) -> int:
    with app.app_context():
        return periods_of(db.session()).days(period, edition_id)


def test_the_chair_sets_periods_and_an_organiser_can_only_shorten_them(app, writing, sign_in, chair):
    with writing() as session:
        edition = make_edition(session, now=now())
        organiser = make_account(session, role=RoleName.ORGANISER, edition=edition, now=now())
        year, id_ = edition.year, edition.id
    chair.get("/organise/privacy/").form("/organise/privacy").fill(needs="20").submit()
    assert days(app, Period.NEEDS) == 20
    page = sign_in(organiser).get(f"/organise/editions/{year}/privacy/")
    assert page.form("/privacy").fill(needs="21").submit().status == 422
    page.form("/privacy").fill(needs="5").submit()
    assert (days(app, Period.NEEDS, id_), days(app, Period.PHONE, id_), days(app, Period.NEEDS)) == (5, 30, 20)
    chair.get("/organise/privacy/").form("/organise/privacy").fill(needs="3").submit()
    assert days(app, Period.NEEDS, id_) == 3
    assert "3 days" in chair.get("/privacy").text


def test_what_would_be_removed_at_once_is_asked_first_with_its_number(app, writing, chair):
    with writing() as session:
        past = make_edition(session, now=now() - timedelta(days=220), year=2024)
        make_registration(session, past, now=now() - timedelta(days=230), dietary="None")
    page = chair.get("/organise/privacy/").form("/organise/privacy").fill(needs="2").submit()
    assert page.status == 422
    assert "1 entry" in page.text
    assert days(app, Period.NEEDS) == 30
    page.form("/organise/privacy").submit("Yes, save")
    assert days(app, Period.NEEDS) == 2


def test_an_organiser_hands_out_and_erases_what_is_kept_about_somebody(app, writing, reading, sign_in):
    with writing() as session:
        edition = make_edition(session, now=now())
        organiser = make_account(session, role=RoleName.ORGANISER, edition=edition, now=now())
        person = make_registration(session, edition, now=now(), email="ana@dofc.test", dietary="No jicama")
        path = f"/organise/editions/{edition.year}/privacy/{person.reference}"
    browser = sign_in(organiser)
    page = browser.get(path)
    assert "No jicama" in page.text
    told = browser.get(f"{path}/my-data.json").data.decode()
    assert "ana@dofc.test" in told
    assert "/registrations/…" in told
    assert page.form("/privacy/").submit().status == 422
    form = page.form("/privacy/").fill(because=BECAUSE)
    form.submit()
    with reading() as session:
        assert session.scalars(select(Registration.email)).all() == [""]
        entry = session.scalars(select(AuditEntry).where(AuditEntry.act == "person_erased")).one()
        assert entry.details["because"] == BECAUSE
        assert faults(session) == []
    for page in (browser.get(path), form.submit()):
        assert page.status == 404 and "The registration may have been erased." in page.text


def test_who_writes_about_somebody_just_erased_reads_so_and_is_led_back(writing, sign_in):
    with writing() as session:
        edition = make_edition(session, now=now())
        organiser = make_account(session, role=RoleName.ORGANISER, edition=edition, now=now())
        person = make_registration(session, edition, now=now())
        id_, people = person.id, f"/organise/editions/{edition.year}/registrations"
        path = f"{people}/{person.reference}"
    browser = sign_in(organiser)
    note = browser.get(path).form("/note").fill(note="Speaks at ten")
    change = browser.get(f"{path}/edit").form()
    with writing() as session:
        erase_registration(session, id_, COMMAND, now())
    for page in (note.submit(), change.submit(), browser.get(path), browser.get(f"{path}/files")):
        assert (page.status, page.h1) == (404, "Nobody has this reference")
        assert page.follow("Go to the registrations").url == people
    assert "Speaks at ten" in note.submit().one("[data-typed]").text


def test_an_organiser_is_told_what_the_edition_keeps_under_the_address_and_nothing_of_elsewhere(writing, sign_in):
    contact = Contact("Elena Primerova", "group@dofc.test", "en")
    with writing() as session:
        edition = make_edition(session, now=now())
        organiser = make_account(session, role=RoleName.ORGANISER, edition=edition, now=now())
        people = [replace(someone(name), email=contact.email) for name in ("Elena", "Bo")]
        make_group(session, edition, people, contact=contact, now=now())
        make_registration(session, make_edition(session, now=now(), year=2032), now=now(), email=contact.email)
        make_proposal(session, make_call(session, now=now(), year=2033), now=now(), contact_email=contact.email)
        elena = session.scalars(select(Registration).where(Registration.given_name == "Elena")).one()
        path = f"/organise/editions/{edition.year}/privacy/{elena.reference}"
    page = sign_in(organiser).get(path).form("/privacy/").fill(because=BECAUSE).submit()
    told = f"Still kept under group@dofc.test: Contact of a group ({edition.year}): Elena Primerova. If this is"
    assert told in page.text and "2032" not in page.text and "2033" not in page.text


def test_the_chair_erases_all_that_an_address_has(app, writing, reading, chair):
    with writing() as session:
        make_registration(session, make_edition(session, now=now()), now=now(), email="ana@dofc.test")
        make_proposal(session, make_call(session, now=now()), now=now(), contact_email="ana@dofc.test")
        account = make_account(session, "ana@dofc.test", now=now())
        account_id = account.id
    form = chair.get("/organise/privacy/erase").form("/erase").fill(reference="Ana@dofc.test", because=BECAUSE)
    # A role must end first, with all that this entails.
    assert "still has a role" in form.submit().text
    with writing() as session:
        end_chair(session, account_id, COMMAND, now())
    page = form.submit()
    assert all(word in page.text for word in ("Registration", "Proposal", "Account"))
    form = page.form("/erase")
    form.submit("Yes, erase")
    assert "It may have been erased." in form.submit("Yes, erase").text
    with reading() as session:
        assert session.get_one(Account, account_id).email == ""
        assert session.scalars(select(Registration.email)).all() == [""]


def test_whoever_others_are_reached_by_is_refused_before_the_chair_is_asked(writing, reading, chair):
    with writing() as session:
        make_group(session, make_edition(session, now=now()), [someone("Bo")], now=now())
        make_proposal(session, make_call(session, now=now()), now=now(), contact_email=CONTACT.email)
    form = chair.get("/organise/privacy/erase").form("/erase").fill(reference=CONTACT.email, because=BECAUSE)
    page = form.submit()
    assert "Other people can only be reached at this address." in page.text and "Yes, erase" not in page.text
    with reading() as session:
        assert session.scalars(select(Proposal.contact_email)).all() == [CONTACT.email]


@pytest.mark.parametrize("number", [1, 30])
def test_the_pages_ask_the_same_number_of_queries_however_many_people_there_are(writing, chair, number):
    with writing() as session:
        edition = make_edition(session, now=now())
        for _ in range(number):
            make_registration(session, edition, now=now())
    chair.get("/organise/privacy/")
    with count_queries() as queries:
        chair.get("/organise/privacy/")
    assert len(queries) <= 45
