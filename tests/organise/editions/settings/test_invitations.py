"""Categories by invitation: with a code, by a link that carries it, or with an address that was invited."""

import pytest

from tests.organise.editions.conftest import settings
from tests.registration.conftest import ANSWERS
from tests.support.copies import make_copy


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


def test_a_list_of_addresses_opens_a_category_however_they_are_spelt(client, invite, year):
    page = invite(addresses="Ana Kovač <Ana@DofC.test>, boris@dofc.test;\r\nvesna@dofc.test")
    invited = page.form().value("categories-2-addresses").split()
    assert invited == ["ana@dofc.test", "boris@dofc.test", "vesna@dofc.test"]
    assert page.form().value("categories-2-by_invitation") == "y"
    assert register(client, year, email="stranger@dofc.test").status == 422
    assert register(client, year, email="ANA@dofc.test").one("[data-registration-status]")
    assert "This is not an email address: ana@" in invite(addresses="ana@").text


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
