"""Categories by invitation: with a code, by a link that carries it, or with an address that was invited."""

import re

import pytest
from sqlalchemy import select

from dofc_events.commands.check import faults
from dofc_events.delegates.models import Registration
from dofc_events.mail.models import Message
from tests.organise.editions.conftest import settings
from tests.registration.conftest import ANSWERS
from tests.support.copies import make_copy
from tests.support.databases import count_queries


@pytest.fixture
def invite(organiser, year):
    """`invite(**changes)`: who can register as a guest."""

    def change(**changes):
        form = settings(organiser, year, "categories").form()
        return form.fill({f"categories-2-{name}": value for name, value in changes.items()}).submit()

    return change


def register(client, year, email="ana@dofc.test", address="", **answers):
    page = client.get(f"/editions/{year}/register{address}")
    return page.form().fill(ANSWERS | {"email": email, "category": "guest"} | answers).submit()


def test_a_code_opens_a_category_typed_or_in_a_link(client, invite, year):
    assert "Settings saved." in invite(code="Vitosha 7").text
    assert client.get(f"/editions/{year}/register").one("option[value=guest]").get_text() == "Guest (by invitation)"
    refused = register(client, year, code="Vitosha", job_title="Director")
    assert refused.status == 422 and "This category is by invitation. Enter the code" in refused.text
    assert refused.form().value("job_title") == "Director"
    assert refused.form().fill(code="vitosha 7").submit().one("[data-registration-status]")
    # The form of the link has the code; nobody else's has.
    assert register(client, year, email="b@dofc.test", address="?code=Vitosha+7").one("[data-registration-status]")
    assert client.get(f"/editions/{year}/register").form().value("code") == ""


def test_a_list_of_addresses_opens_a_category_however_they_are_spelt(client, invite, mail, year):
    page = invite(addresses="Ana Kovač <Ana@DofC.test>, boris@dofc.test;\r\nvesna@dofc.test")
    invited = page.form().value("categories-2-addresses").split()
    assert invited == ["ana@dofc.test", "boris@dofc.test", "vesna@dofc.test"]
    assert page.form().value("categories-2-by_invitation") == "y"
    assert "This category is by invitation." in register(client, year, email="ANA@dofc.test").text
    assert [(m.kind, m.recipient) for m in mail()] == [("registration-confirmed", "ANA@dofc.test")]
    for typed in ("ana@", "*@example.org", "ana.example.org"):
        assert f"This is not an email address: {typed}" in invite(addresses=f"bob@example.org\n{typed}").text


def test_nobody_changes_into_a_category_by_invitation_but_organisers_put_them_there(client, organiser, invite, year):
    own = register(client, year, category="company")
    invite(by_invitation=True)
    assert "guest" not in client.get(f"{own.url}edit").form().choices("category")
    reference = own.one(".ticket-reference strong").get_text()
    edit = organiser.get(f"/organise/editions/{year}/registrations/{reference}/edit").form()
    assert "Changes saved." in edit.fill(category="guest").submit().text
    assert client.get(f"{own.url}edit").form().value("category") == "guest"


def test_a_copy_invites_nobody_until_it_is_said_whom(writing, invite, year):
    invite(code="Vitosha 7", addresses="ana@dofc.test")
    with writing() as session:
        copy = make_copy(session, year, 2031)
        session.refresh(copy)
        (guest,) = [category for category in copy.categories if category.slug == "guest"]
        assert (guest.by_invitation, guest.code) == (True, "")


@pytest.fixture
def mail(reading):
    """`mail()`: all messages, oldest first."""

    def mail() -> list[Message]:
        with reading() as session:
            return list(session.scalars(select(Message).order_by(Message.id)))

    return mail


def told(page) -> tuple:
    """All that a stranger gets to see, but for the address itself."""
    return page.status, page.url, page.title, page.redirects, page.text.replace("ana@dofc.test", "x@dofc.test")


def test_nobody_learns_from_the_page_whether_an_address_was_invited(client, invite, mail, reading, year):
    invite(addresses="ana@dofc.test")
    # The first of all prepares what the others find prepared.
    register(client.another(), year, email="first@dofc.test", category="company")
    pages, asked = [], []
    # There may be one place: who is not invited does not take it.
    for email in ("x@dofc.test", "ana@dofc.test"):
        form = client.another().get(f"/editions/{year}/register").form()
        form.fill(ANSWERS | {"email": email, "category": "guest"})
        with count_queries() as statements:
            pages.append(form.submit())
        asked.append([re.sub("(ROLLBACK TO|RELEASE) SAVEPOINT", "END", one) for one in statements])
    stranger, invited = pages
    assert told(invited) == told(stranger) and "Check your email" in stranger.text
    assert [(one.kind, one.recipient) for one in mail()[1:]] == [
        ("not-invited", "x@dofc.test"),
        ("registration-confirmed", "ana@dofc.test"),
    ]
    assert "not been registered" in " ".join(mail()[1].text.split())
    # Nor from the time it takes: the same is done for both, and one half of it is kept.
    assert asked[0] == asked[1] and any("messages" in statement for statement in asked[0])
    with reading() as session:
        assert [one.email for one in session.scalars(select(Registration))] == ["first@dofc.test", "ana@dofc.test"]
        assert faults(session) == []


def test_nor_from_sending_it_again_or_with_another_code_or_other_answers(client, invite, mail, year):
    invite(addresses="ana@dofc.test", code="Vitosha 7")
    forms = {}
    for email in ("ana@dofc.test", "x@dofc.test"):
        form = client.another().get(f"/editions/{year}/register").form()
        forms[email] = form.fill(ANSWERS | {"email": email, "category": "guest"})
    for changes in ({}, {}, {"job_title": "Director"}, {"code": "wrong"}):
        pages = [form.fill(changes).submit() for form in forms.values()]
        assert told(pages[0]) == told(pages[1]), changes
    assert pages[0].status == 422 and pages[0].form().value("job_title") == "Director"
    # A known address says no more than any other.
    again = register(client.another(), year)
    assert "Check your email" in again.text and mail()[-1].kind == "already-registered"
    assert forms["ana@dofc.test"].fill(code="vitosha 7", email="b@dofc.test").submit().status == 422


def test_the_email_opens_what_was_registered_and_the_place_is_taken(client, invite, mail, year):
    invite(addresses="ana@dofc.test")
    register(client, year)
    link = re.findall(r"https?://[^/]+(/\S+)", mail()[0].text)[0]
    assert client.get(link).one("[data-registration-status]")["data-registration-status"] == "confirmed"
