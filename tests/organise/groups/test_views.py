"""Organisers promise places, change and withdraw what they promised, and see who used what."""

import pytest
import time_machine

from dofc_events.conference.rules import EditionStatus
from dofc_events.groups.queries import token_of_invitation
from dofc_events.places.queries import edition_pool
from tests.support.databases import count_queries
from tests.support.factories import NOW, make_account, make_edition, make_registration
from tests.support.groups import make_delegation, make_group, make_promise, someone
from tests.support.letters import kinds

GROUPS = "/organise/editions/2027/groups"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def edition(writing):
    with writing() as session:
        return make_edition(session, year=2027, capacity=10, offer_hours=0)


@pytest.fixture
def organiser(client, writing, edition):
    with writing() as session:
        account = make_account(session, role="organiser", edition=edition)
    return client.sign_in(account)


def promise(browser, **changes):
    values = {"organisation": "Dom", "contact_name": "Mira", "email": "mira@dom.test", "places": "4"}
    form = browser.get(f"{GROUPS}/new").form("main form")
    return form.fill(values | {"until": "2026-12-24T18:00"} | changes).submit()


def test_groups_stand_as_a_reader_looks_for_them(organiser, writing, edition):
    names = ["Arad", "École", "Zito", "Ђаци", "Шума"]
    with writing() as session:
        for name in reversed(names):
            make_promise(session, edition, name, places=1)
    shown = organiser.get(GROUPS).all("tbody th")
    assert [cell.text.split(",")[0] for cell in shown] == names


def test_fewer_places_than_people_are_invited_to_are_asked_about_and_the_invited_read_what_is_so(
    client, organiser, writing, edition
):
    with writing() as session:
        group, invitation = make_delegation(session, edition, places=2)
        page, link = f"{GROUPS}/{group.reference}/", f"/groups/join/{token_of_invitation(invitation)}"
        make_group(session, edition, [someone("Ana")], group_id=group.id)
    kept = "Dom keeps a place for you"
    assert kept in client.get(link).text
    invited = "1 person who has been invited will no longer have a place kept for them."
    assert invited in organiser.get(page).follow("Withdraw the promise").text
    asked = organiser.get(page).follow("Change the promise").form("main form").fill(places="1").submit()
    assert invited in asked.text
    asked.form("main form").submit("accepted")
    assert kept not in client.get(link).text


@pytest.mark.usefixtures("organiser")
def test_places_are_promised_changed_and_withdrawn(organiser, reading, edition):
    page = promise(organiser)
    assert page.one("[data-promised]")["data-promised"] == "4"
    with reading() as session:
        assert (edition_pool(session, edition.id).promised, kinds(session)) == (4, ["delegation-promised"])
    form = page.follow("Change the promise").form("main form")
    assert form.value("until") == "2026-12-24T18:00"
    page = form.fill(places="6").submit()
    assert page.one("[data-promised]")["data-promised"] == "6"
    asked = page.follow("Withdraw the promise")
    assert "6 unused places go to others." in asked.text
    page = asked.form("main form").submit()
    assert "No places have been kept since" in page.text
    with reading() as session:
        assert edition_pool(session, edition.id).promised == 0


def test_what_cannot_be_promised_is_said_at_its_field(organiser):
    assert "Only 10 places are free." in promise(organiser, places="11").text
    assert "until registration closes" in promise(organiser, until="2020-01-01T10:00").text
    assert promise(organiser, places="0").status == 422


def test_a_smaller_promise_is_asked_about_first(organiser, writing, edition):
    page = promise(organiser, places="10")
    with writing() as session:
        make_registration(session, edition)
    asked = page.follow("Change the promise").form("main form").fill(places="8").submit()
    assert asked.status == 422
    assert "1 person on the waiting list will get a place" in asked.text
    assert asked.form("main form").submit("accepted").one("[data-promised]")["data-promised"] == "8"


def test_the_list_costs_the_same_for_one_group_and_for_many(organiser, writing, edition):
    counts = []
    for number in (1, 8):
        with writing() as session:
            for _ in range(number):
                group = make_promise(session, edition, places=1)
                make_group(session, edition, [someone(f"A{number}{_}")], group_id=group.id)
        with count_queries() as queries:
            page = organiser.get(GROUPS)
        counts.append(len(queries))
    assert len(page.all("[data-group]")) == 9
    assert counts[0] == counts[1]


def test_who_changes_a_promise_that_has_just_been_withdrawn_reads_so_and_is_led_back(organiser):
    group = promise(organiser)
    change, withdraw = group.follow("Change the promise"), group.follow("Withdraw the promise")
    withdraw.form("main form").submit()
    for again in (change.form("main form").fill(organisation="Dom dva").submit(), withdraw.form("main form").submit()):
        assert (again.status, again.h1) == (404, "No places are kept for this group")
        assert again.follow("Go to the group").url == group.url
    assert "Dom dva" in change.form("main form").fill(organisation="Dom dva").submit().one("[data-typed]").text


def test_groups_of_an_archived_edition_are_read_only(organiser, writing, edition):
    page = promise(organiser)
    form = page.follow("Change the promise").form("main form").fill(places="5")
    withdraw = page.follow("Withdraw the promise").form("main form")
    with writing() as session:
        session.get_one(type(edition), edition.id).status = EditionStatus.ARCHIVED
    assert form.submit().status == 409
    assert withdraw.submit().status == 409
    assert organiser.get(page.url).status == 200
