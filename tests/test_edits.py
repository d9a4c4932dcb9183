"""Nobody's changes are lost: every form that changes what is stored goes by what it was opened with."""

import re
from typing import Any

import pytest
import time_machine

from dofc_events.accounts.service import issue_sign_in_link
from dofc_events.core import db as core_db
from dofc_events.core.db import unit_of_work
from dofc_events.organise.editions.settings import service as settings_service
from tests import rights
from tests.support.factories import NOW
from tests.support.pages import Client, Page
from tests.support.tree import Element

pytestmark = pytest.mark.databases("sqlite")

# What is filled in beforehand, with what is usual or was last time, makes something new, or is an act as a whole.
NOTHING_STORED = {
    "/editions/<year>/register",
    # What colleagues most likely have in common, and the address that somebody was invited at.
    "/groups/<token>/add",
    "/groups/join/<token>",
    "/groups/with/<token>",
    "/hosting/propose",
    "/organise/editions/<year>/copy",
    # It says what it compared by a digest.
    "/organise/editions/<year>/doubles/<pair_id>/merge",
    "/organise/editions/<year>/letters/new",
    "/organise/editions/<year>/memory/photographs",
    "/organise/editions/<year>/trips/new",
    "/organise/hosting/calls/new",
    "/organise/hosting/members/new",
    "/sign-in/factors/app",
}
TYPED = "input:not([type=hidden]):not([type=submit]), select, textarea"


def is_filled_in(form: Element) -> bool:
    """Whether something is in it that a person could have typed, ticked or chosen."""
    for field in form.select(TYPED):
        if field.name == "select" and field.select("option[selected]:not([value=''])"):
            return True
        if field.name == "textarea" and field.get_text(strip=True):
            return True
        if field.name == "input" and field.get("type") in ("checkbox", "radio"):
            if field.has_attr("checked"):
                return True
        elif field.name == "input" and field.get("value"):
            return True
    return False


# Two changes of each form: what one person saves while another has it open, and what the other one changes.
SETTINGS = "/organise/editions/<year>/settings"
EDITS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    f"{SETTINGS}/texts": ({"dress": "Warm"}, {"summary": "All about clusters."}),
    f"{SETTINGS}/dates": ({"ends_at": "18:00"}, {"venue": "Old Hall"}),
    f"{SETTINGS}/places": ({"capacity": "80"}, {"offer_hours": "5"}),
    f"{SETTINGS}/contact": ({"contact_email": "new@dofc.test"}, {"contact_name": "Elena"}),
    "/organise/editions/<year>/registrations/<reference>/edit": (
        {"dietary": "Peanuts: carries an EpiPen", "visa_letter": True},
        {"job_title": "Director", "photo_consent": True},
    ),
    "/organise/editions/<year>/trips/<slug>/": ({"capacity": "31"}, {"bring": "Boots"}),
    "/organise/editions/<year>/trips/sign-up": ({"closes_at": "2027-03-01T18:00"}, {"opens_at": "2027-01-10T09:00"}),
    "/organise/editions/<year>/letters/<letter_id>/edit": (
        {"body": "Dear {given_name},\r\n\r\nhello"},
        {"subject": "Hello"},
    ),
    "/organise/privacy/": ({"needs": "29"}, {"names": "700"}),
    "/organise/editions/<year>/privacy/": ({"needs": "14"}, {"names": "365"}),
    "/organise/editions/<year>/memory/photographs/<photograph_id>": (
        {"alternative": "A hall"},
        {"caption": "Opening day"},
    ),
    "/organise/editions/<year>/memory/outcomes/<slug>/edit": ({"source": "The report"}, {"addressed_to": "Ministers"}),
    "/organise/hosting/calls/<year>/settings": ({"quorum": "1"}, {"text": "Who wants to host?"}),
    "/organise/hosting/members/<slug>/settings": ({"website": "https://example.org"}, {"contact_name": "Ana Kos"}),
    "/organise/editions/<year>/hand-over/<item_id>": ({"owner": "Milan"}, {"text": "Both buses"}),
    "/hosting/proposals/<token>/edit": ({"venue": "Old Hall"}, {"city": "Zlín"}),
    "/organise/editions/<year>/groups/<reference>/change": ({"places": "4"}, {"organisation": "House"}),
    "/organise/editions/<year>/questions/<key>/": ({"hint": "For the bus"}, {"caption": "Which size?"}),
    "/organise/memory/editions/<year>": ({"venue": "Fair"}, {"city": "Kotor"}),
    "/registrations/<token>/edit": ({"access_needs": "Step-free"}, {"badge_name": "Ana"}),
}

# Forms of one value, or of a list that is compared as a whole; beside their own packages' tests.
OF_ONE_VALUE = {
    "/groups/<token>/contact",
    "/hosting/vote/<token>",
    "/organise/accounts/factors",
    "/organise/digest",
    "/organise/editions/<year>/groups/new",
    "/organise/editions/<year>/import/<file_id>",
    "/organise/editions/<year>/memory/documents",
    "/organise/editions/<year>/memory/outcomes/<slug>/follow-up",
    "/organise/editions/<year>/memory/outcomes/<slug>/participants",
    "/organise/editions/<year>/memory/summary",
    "/organise/editions/<year>/questions/new",
    "/organise/editions/<year>/registrations/<reference>",
    "/organise/editions/<year>/registrations/<reference>/address",
    f"{SETTINGS}/categories",
    "/organise/editions/<year>/team/<role_id>",
    "/organise/hosting/calls/<year>/extend",
    "/organise/hosting/proposals/<reference>/review",
    "/organise/memory/countries",
    "/registrations/<token>/address",
    "/registrations/<token>/photographs",
    "/registrations/<token>/trips",
}


@pytest.fixture
def world(app):
    """The addresses of a world with something of everything, and two browsers of a person who may change it."""
    with time_machine.travel(NOW, tick=False):
        values, browsers = rights.make_world(app)
        yield app, values, browsers


def opened_by_two(world, path: str) -> tuple[Page, Page]:
    app, values, browsers = world
    role = rights.HOLDER if "<token>" in path else rights.CHAIR
    (rule,) = (rule for rule in app.url_map.iter_rules() if re.sub("<[a-z]+:", "<", rule.rule) == path)
    address = rights.address_of(rule, values, role)
    client = Client(app, browser=browsers[role])
    return client.get(address), client.get(address)


def edit_form(page: Page):
    return page.form("form:has([name=opened_with])")


def test_what_others_saved_meanwhile_stays_where_the_form_changed_something_else(world):
    for path, (theirs, mine) in EDITS.items():
        one, other = opened_by_two(world, path)
        edit_form(one).fill(theirs).submit()
        assert edit_form(other).fill(mine).submit().status == 200, path
        now = edit_form(one.client.get(one.url))
        for name, value in {**theirs, **mine}.items():
            assert now.value(name) == ("y" if value is True else value), (path, name)


def test_what_both_changed_is_shown_side_by_side_and_saved_when_sent_again(world):
    for path, (theirs, mine) in EDITS.items():
        name, value = next((name, value) for name, value in mine.items() if value is not True)
        one, other = opened_by_two(world, path)
        changed = {"opens_at": "2027-01-12T09:00", "offer_hours": "6", "names": "366"}.get(name, f"{value} Really")
        edit_form(one).fill({**theirs, name: changed}).submit()
        page = edit_form(other).fill(mine).submit()
        assert page.status == 422, path
        assert [dd.get_text() for dd in page.all(".versions dd")] == [changed, value]
        assert edit_form(page).value(name) == value
        edit_form(page).submit()
        now = edit_form(one.client.get(one.url))
        assert now.value(name) == value, path
        assert all(now.value(kept) == ("y" if v is True else v) for kept, v in theirs.items()), path


def test_choices_are_compared_in_the_words_of_the_page(world):
    one, other = opened_by_two(world, "/organise/editions/<year>/memory/outcomes/<slug>/edit")
    labels = {radio["value"]: one.one(f"label[for={radio['id']}]").get_text() for radio in one.all("[name=kind]")}
    theirs, mine = [value for value in labels if value != edit_form(one).value("kind")][:2]
    edit_form(one).fill(kind=theirs).submit()
    page = edit_form(other).fill(kind=mine).submit()
    assert [dd.get_text() for dd in page.all(".versions dd")] == [labels[theirs], labels[mine]]


def test_lists_of_a_form_are_compared_as_a_whole(world):
    one, other = opened_by_two(world, f"{SETTINGS}/categories")
    first = next(name for name in edit_form(one).names if name.endswith("-label"))
    edit_form(one).fill({first: "Members of the network"}).submit()
    page = edit_form(other).fill({first: "Our members"}).submit()
    assert page.status == 422 and "Members of the network" in page.one(".versions > div:first-child dd").get_text()
    edit_form(page).submit()
    assert edit_form(one.client.get(one.url)).value(first) == "Our members"


def test_what_is_saved_between_comparing_and_writing_is_compared_too(world, monkeypatch):
    """The service finds something other than the form was compared with, and the view starts over."""
    one, other = opened_by_two(world, f"{SETTINGS}/texts")
    change_settings = settings_service.change_settings
    rival: list[bool] = []

    def rivalled(session, *args, **kwargs):
        if not rival:
            rival.append(True)
            session.rollback()
            edit_form(one).fill(dress="Warm").submit()
        return change_settings(session, *args, **kwargs)

    monkeypatch.setattr(settings_service, "change_settings", rivalled)
    # The rival is of another process, and would wait here for a turn that only this one gives.
    monkeypatch.setattr(core_db, "BUSY_TIMEOUT", 0.1)
    assert edit_form(other).fill(summary="All about clusters.").submit().status == 200
    now = edit_form(one.client.get(one.url))
    assert (now.value("dress"), now.value("summary")) == ("Warm", "All about clusters.")


def test_a_form_whose_session_has_ended_is_there_again_after_signing_in(world):
    """With what was typed, and compared with what it was opened with, as if nothing had happened."""
    app, _values, browsers = world
    one, other = opened_by_two(world, f"{SETTINGS}/texts")
    form = edit_form(other).fill(summary="All about clusters.")
    edit_form(one).fill(dress="Warm").submit()
    with browsers[rights.CHAIR].session_transaction() as session:
        chair = session["_user_id"]
        session.clear()
    page = form.submit()
    assert page.url == "/sign-in" and "What you typed is kept for an hour" in page.text
    with app.app_context(), unit_of_work() as writing:
        secret = issue_sign_in_link(writing, int(chair), NOW)
    page = page.client.get(f"/sign-in/{secret}").form().submit().form("[data-go-on]").submit()
    assert page.status == 400 and "Nothing you typed has been lost" in page.text
    assert edit_form(page).value("summary") == "All about clusters."
    assert edit_form(page).submit().status == 200
    now = edit_form(one.client.get(one.url))
    assert (now.value("dress"), now.value("summary")) == ("Warm", "All about clusters.")
