"""Whatever refuses a form gives back what was typed into it."""

from datetime import timedelta
from html import unescape
from io import BytesIO
from typing import Any

import pytest
import time_machine
from sqlalchemy import select, update

from dofc_events.conference.models import Edition
from dofc_events.conference.service import archive_edition
from dofc_events.core.audit import COMMAND
from dofc_events.core.db import unit_of_work
from dofc_events.delegates.models import Registration
from dofc_events.hosting.models import Proposal
from dofc_events.hosting.queries import token_of
from dofc_events.hosting.rules import ProposalStatus
from dofc_events.registration.service import correct_address
from dofc_events.trips.models import Trip
from tests import rights
from tests.support.factories import NOW
from tests.support.forms import Form
from tests.support.pages import Client, Page

pytestmark = pytest.mark.databases("sqlite")

DAY = timedelta(days=1)
TYPED = "textarea[name], input[type=text][name], input:not([type])[name]"
TRIP_PEOPLE = "/organise/editions/<year:year>/trips/<slug>/people"
TEXT = "Typed <b>by a person</b>\r\n& nobody’s"


@pytest.fixture
def world(app):
    with time_machine.travel(NOW, tick=False):
        yield app, *rights.make_world(app)


def opened(world, start: str, role: str) -> list[tuple[str, Form]]:
    """Every form below an address in which one can type, with something typed."""
    app, values, browsers = world
    client, found = Client(app, browser=browsers[role]), []
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith(start) and {"GET", "POST"} <= rule.methods:
            page = client.get(rights.address_of(rule, values, role))
            for tag in page.all("main form[method=post]"):
                if names := {field["name"] for field in tag.select(TYPED)}:
                    found.append((rule.rule, Form(page, tag).forge(dict.fromkeys(map(str, names), TEXT))))
    return found


def gives_back(page: Page) -> bool:
    return TEXT in unescape(page.html)


def given_back_on(page: Page) -> dict[str, str]:
    """All that is given back on a page, by what it is called."""
    rows = page.all("[data-typed] dl > div")
    return {row.select_one("dt").get_text(): row.select_one("dd").get_text() for row in rows}


def lost(forms: list[tuple[str, Form]]) -> list[str]:
    return [path for path, form in forms if not gives_back(form.submit())]


def test_every_form_of_an_edition_that_was_archived_meanwhile_gives_back_what_was_typed(world):
    forms = opened(world, "/organise/editions/<", rights.CHAIR)
    # What is written up of an edition is saved then, too.
    forms = [(path, form) for path, form in forms if "/memory/" not in path]
    with world[0].app_context(), unit_of_work() as session:
        edition_id = session.scalars(select(Edition.id).where(Edition.year == rights.YEAR)).one()
        archive_edition(session, edition_id, COMMAND, NOW)
    assert len(forms) > 8 and lost(forms) == []


def test_every_form_behind_a_link_that_was_replaced_meanwhile_gives_back_what_was_typed(world):
    forms = opened(world, "/registrations/<", rights.HOLDER)
    with world[0].app_context(), unit_of_work() as session:
        reference = world[1]["reference"]
        found = session.scalars(select(Registration).where(Registration.reference == reference)).one()
        correct_address(session, found.id, "new@dofc.test", COMMAND, NOW)
    assert len(forms) > 2 and lost(forms) == []


def test_every_form_about_a_proposal_that_was_decided_meanwhile_gives_back_what_was_typed(world):
    forms = opened(world, "/organise/hosting/proposals/<", rights.BOARD)
    with world[0].app_context(), unit_of_work() as session:
        session.execute(update(Proposal).values(status="declined"))
    assert len(forms) > 2 and lost(forms) == []


def test_a_question_that_is_answered_after_the_decision_gives_back_the_answer(world):
    app, values, browsers = world
    client = Client(app, browser=browsers[rights.BOARD])
    under_review = values["/organise/hosting/proposals/reference"]
    client.get(f"/organise/hosting/proposals/{under_review}/question").form().fill(text="Who pays?").submit()
    with app.app_context(), unit_of_work() as session:
        proposal = session.scalars(select(Proposal).where(Proposal.reference == under_review)).one()
        own = f"/hosting/proposals/{token_of(proposal)}/"
        form = Client(app).get(own).form("/answer").fill(text=TEXT)
        proposal.status = ProposalStatus.DECLINED
    page = form.submit()
    assert page.status == 403 and "has decided" in page.text and gives_back(page)


def test_adding_somebody_to_an_edition_that_is_over_gives_back_who(world):
    app, _values, browsers = world
    form = Client(app, browser=browsers[rights.CHAIR]).get("/organise/editions/2027/registrations/new").form()
    form.fill(given_name="Zoë", family_name="Kaya", country="TR", dietary=TEXT)
    with app.app_context(), unit_of_work() as session:
        session.execute(update(Edition).values(starts_on=NOW.date() - DAY * 9, ends_on=NOW.date() - DAY * 8))
    page = form.submit()
    assert page.status == 403 and gives_back(page)
    assert given_back_on(page)["Family name"] == "Kaya"


def test_what_belongs_to_no_form_is_called_by_its_field_and_a_ticked_box_was_not_typed(world):
    sent = {"categories-0-label": "Member", "photo_consent": "y"}
    page = Client(world[0]).post("/registrations/wrong/edit", sent)
    assert [dt.get_text() for dt in page.all("[data-typed] dt")] == ["Categories 1, label"]


def test_what_no_page_of_ours_sent_stands_on_none(world):
    typed = {"given_name": TEXT}
    page = Client(world[0]).post("/registrations/wrong/edit", typed, headers={"Sec-Fetch-Site": "cross-site"})
    assert page.status == 404 and not page.all("[data-typed]")


def test_what_was_chosen_is_given_back_in_words_with_what_was_typed(world):
    chosen: dict[str, Any] = {
        "category": "company",
        "visa_letter": True,
        "question-t-shirt": "m",
        "preference-cellars": "1",
    }
    form = Client(world[0]).get("/editions/2027/register").form().fill(given_name="Zoë", dietary=TEXT, **chosen)
    with world[0].app_context(), unit_of_work() as session:
        title = session.scalars(select(Trip.title).where(Trip.slug == "cellars")).one()
        session.execute(update(Edition).values(registration_closes_at=NOW - DAY))
    page = form.submit()
    said = given_back_on(page)
    assert page.status == 403 and said["Given name, or your only name"] == "Zoë"
    assert (said["I am attending as"], said["T-shirt?"], said["Learning trips"]) == ("Company", "M", f"1. {title}")
    assert said["I need an invitation letter for a visa"] == "Yes" and len(said) == 6


def test_what_is_no_country_is_given_back_as_it_was_typed(world):
    with world[0].app_context(), unit_of_work() as session:
        session.execute(update(Edition).values(registration_closes_at=NOW - DAY))
    page = Client(world[0]).post("/editions/2027/register", {"country": "Ruritania"})
    assert page.status == 403 and "Ruritania" in page.text


def test_adding_somebody_to_a_trip_that_was_called_off_gives_back_the_reason(world):
    ((_path, form),) = opened(world, TRIP_PEOPLE, rights.CHAIR)
    with world[0].app_context(), unit_of_work() as session:
        session.execute(update(Trip).values(cancelled_at=NOW))
    page = form.submit()
    assert page.status == 403 and gives_back(page)


def test_of_what_was_sent_with_files_only_what_was_typed_is_given_back(app):
    sent = {"email": TEXT, "note": "x" * 300_000, "file": (BytesIO(b"no words of a person"), "a.pdf")}
    page = Client(app).open("POST", "/sign-in", data=sent, content_type="multipart/form-data")
    assert page.status == 413 and gives_back(page)
    assert "form-data" not in page.html and "no words" not in page.html
