"""The contact of a group adds the files of people without an address of their own, behind links that emails contain."""

import pytest
import time_machine
from sqlalchemy import select

from dofc_events.conference.models import Edition
from dofc_events.delegates.models import Registration
from dofc_events.delegates.queries import proof_of
from dofc_events.groups.lost_link.service import send_group_link
from dofc_events.groups.queries import token_of_group
from dofc_events.groups.service import change_contact
from tests.support.factories import DELEGATE, NOW, make_question
from tests.support.groups import CONTACT, make_group, someone
from tests.support.letters import letters

pytestmark = pytest.mark.databases("sqlite")


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def page(edition, writing) -> str:
    """The page of Ana and Boro, who have no address, and Ceca, who has; all but Boro come to the dinner."""
    with writing() as session:
        stored = session.get_one(Edition, edition.id)
        make_question(session, stored, "dinner", "yes-no")
        make_question(session, stored, "photo", "file", shown_when="dinner", shown_for=("yes",))
        said = {name: {"dinner": (answer,)} for name, answer in (("Ana", "yes"), ("Boro", "no"), ("Ceca", "yes"))}
        people = [someone(name, "ceca@own.test" if name == "Ceca" else "", answers=said[name]) for name in said]
        return f"/groups/{token_of_group(make_group(session, stored, people).group)}/"


def proofs(session) -> dict[str, str]:
    return {one.given_name: f"/registrations/{proof_of(one)}/files" for one in session.scalars(select(Registration))}


def test_the_email_about_a_group_has_the_links_for_files_of_whom_the_contact_adds_them(client, page, reading):
    assert page
    with reading() as session:
        links, [message] = proofs(session), letters(session, to=CONTACT.email)
    for part in (message.text, message.html):
        assert [name for name, link in links.items() if link in part] == ["Ana"]
        assert "files of Ana Kovač" in part
    assert client.get(links["Ana"]).h1 == "Your files"
    form = client.another().get("/groups/new/2027")
    assert "we will email the link for it to them, or to you if they have no address of their own" in form.text


def test_their_own_pages_lead_to_the_form_that_mails_the_links_again(client, page, reading):
    own = client.get(page).follow("Open the registration of Ana")
    assert f"open the link for it in one of our emails to {CONTACT.email}." in own.text
    form = own.follow("Send me my link again").form("main form")
    form.fill(email=CONTACT.email).submit()
    with reading() as session:
        links, message = proofs(session), letters(session, to=CONTACT.email)[-1]
    assert message.kind == "group-link"
    for part in (message.text, message.html):
        assert [name for name, link in links.items() if link in part] == ["Ana"]
    with_address = client.get(page).follow("Open the registration of Ceca")
    assert "Add your files" in with_address.text
    assert with_address.follow("Send me my link again").h1 == "Send me my link again"


def test_the_contact_is_asked_for_no_files_once_the_details_are_frozen(page, reading, writing, edition):
    assert page
    with writing() as session:
        session.get_one(Edition, edition.id).freezes_at = NOW
        send_group_link(session, edition.id, CONTACT.email, NOW)
    with reading() as session:
        message = letters(session, to=CONTACT.email)[-1]
    assert message.kind == "group-link" and "files" not in message.text + message.html


@pytest.mark.usefixtures("page")
def test_a_new_contact_gets_the_links_that_are_valid_then(writing, reading, edition):
    with writing() as session:
        dana = someone("Dana", answers={"dinner": ("yes",)})
        group = make_group(session, session.get_one(Edition, edition.id), [dana]).group
        seen = (group.contact_name, group.email)
        change_contact(session, group.id, "Mila", "mila@new.test", DELEGATE, NOW, seen=seen)
    with reading() as session:
        links, message = proofs(session), letters(session, to="mila@new.test")[-1]
    assert links["Dana"] in message.text and links["Ana"] not in message.text
