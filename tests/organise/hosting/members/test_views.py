"""The chair keeps the members of the network and who speaks for them."""

import pytest
import time_machine
from sqlalchemy import select

from dofc_events.accounts.models import Account, Role
from dofc_events.accounts.rules import RoleName
from dofc_events.conference.models import Member
from dofc_events.conference.queries import member_by_slug
from tests.support.databases import count_queries
from tests.support.factories import NOW, make_account
from tests.support.hosting import make_member, make_representative

MEMBERS = "/organise/hosting/members"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def chair(client, writing, sign_in):
    with writing() as session:
        account = make_account(session, role=RoleName.CHAIR)
    return sign_in(account)


def test_a_member_is_added_with_a_short_name_made_of_its_name(chair, reading):
    assert "no members yet" in chair.get(MEMBERS).text
    form = chair.get(MEMBERS).follow("New member").form()
    page = form.fill(name="Klaster Šumadija", country="RS", website="https://sumadija.example").submit()
    assert page.url == f"{MEMBERS}/klaster-sumadija/"
    with reading() as session:
        member = session.scalars(select(Member)).one()
        assert (member.organisation.country, member.website, member.is_active) == (
            "RS",
            "https://sumadija.example",
            True,
        )


def test_a_short_name_that_is_taken_is_refused_and_nothing_lost(chair, writing):
    with writing() as session:
        make_member(session, "danube")
    form = chair.get(f"{MEMBERS}/new").form().fill(name="Another", country="RS", slug="danube")
    page = form.submit()
    assert page.status == 422
    assert "already has this short name" in page.one("#slug-error").text
    assert page.form().value("name") == "Another"
    assert page.form().fill(slug="Not OK").submit().status == 422
    assert page.form().fill(slug="other", website="ftp://example.org").submit().status == 422


def test_a_member_is_changed_and_made_inactive(chair, writing, reading):
    with writing() as session:
        make_member(session, "danube", name="Danube Cluster")
    page = chair.get(f"{MEMBERS}/danube/settings").form().fill(name="Danube+", is_active=False).submit()
    assert page.url == f"{MEMBERS}/danube/"
    assert page.h1 == "Danube+"
    assert "it cannot vote or propose" in page.text
    with reading() as session:
        assert not member_by_slug(session, "danube").is_active


def test_representatives_come_and_go(chair, writing, reading):
    with writing() as session:
        make_member(session, "danube", name="Danube Cluster")
        make_representative(session, make_member(session, "other"), name="Ana Kovač")
    assert "vote cannot be cast" in chair.get(f"{MEMBERS}/danube/").text
    form = chair.get(f"{MEMBERS}/danube/").follow("Add somebody").form()
    assert form.submit().status == 422
    page = form.fill(name="Mira Petrović", email="mira@dofc.test", role="member").submit()
    assert page.url == f"{MEMBERS}/danube/"
    assert "Mira Petrović can now vote for Danube Cluster" in page.text
    assert "Mira Petrović" in chair.get(MEMBERS).one("[data-member=danube]").text
    form = chair.get(f"{MEMBERS}/danube/").form("main section form")
    assert "Nobody yet" in form.submit("Remove").agree().text
    again = form.submit("Remove")
    assert (again.status, again.h1) == (404, "This role has ended")
    assert again.follow("Go to the member").url == f"{MEMBERS}/danube/"
    with reading() as session:
        left = session.scalars(select(Account.name).join(Role).where(Role.role == RoleName.MEMBER)).all()
        assert left == ["Ana Kovač"], "who speaks for another member stays"


@pytest.mark.parametrize("who", ["member:{}", "member:999", "chair:1", "", "member:1x"])
def test_nobody_else_is_removed_by_a_crafted_request(chair, writing, reading, who):
    with writing() as session:
        make_representative(session, make_member(session, "danube"))
        who = who.format(make_representative(session, make_member(session, "other")).id)
    form = chair.get(f"{MEMBERS}/danube/").form("main section form")
    token = form.value("csrf_token")
    assert chair.post(f"{MEMBERS}/danube/", {"csrf_token": token, "who": who}).status == 404
    with reading() as session:
        assert len(session.scalars(select(Role).where(Role.role == RoleName.MEMBER)).all()) == 2


def test_a_member_that_is_not_there_is_not_found(chair):
    for path in ("", "settings", "representatives/new"):
        assert chair.get(f"{MEMBERS}/nobody/{path}").status == 404


def test_the_list_takes_as_many_queries_for_thirty_members_as_for_one(chair, writing):
    def add(number: int) -> None:
        with writing() as session:
            for _ in range(number):
                make_representative(session, make_member(session))

    add(1)
    with count_queries() as one:
        chair.get(MEMBERS)
    add(29)
    with count_queries() as thirty:
        assert chair.get(MEMBERS).one("[data-total]")["data-total"] == "30"
    assert len(one) == len(thirty)


def test_a_name_like_another_members_is_asked_about_first(chair, writing, reading):
    with writing() as session:
        make_member(session, "danube", name="Danube Cluster Foundation")
    asked = chair.get(f"{MEMBERS}/new").form().fill(name="Danube Clusters Foundation", country="RS").submit()
    assert asked.status == 422
    assert [item.text for item in asked.all(".notice-warning li")] == ["Danube Cluster Foundation"]
    assert asked.form().fill(name="Sava Textiles").submit("Add the member").h1 == "Sava Textiles"
    added = asked.form().fill(name="Danube Clusters Foundation", slug="other").submit("another organisation")
    assert added.h1 == "Danube Clusters Foundation"
    renamed = chair.get(f"{MEMBERS}/sava-textiles/settings").form().fill(name="Danube Cluster Fundation").submit()
    assert renamed.status == 422 and len(renamed.all(".notice-warning li")) == 2
    same = chair.get(f"{MEMBERS}/other/settings").form().fill(website="https://danube.example").submit()
    assert same.status == 200, "of a name that stays nothing is asked"
