"""The page of a delegation's head, and the form of whom the head invites, through HTTP only."""

from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from dofc_events.commands.timers import run_timers
from dofc_events.conference.models import Edition
from dofc_events.conference.rules import EditionStatus
from dofc_events.groups.invitations.service import invite
from dofc_events.groups.models import Group
from dofc_events.groups.queries import token_of_group, token_of_invitation
from dofc_events.registration.service import RegistrationNotOpen
from tests.registration.conftest import ANSWERS
from tests.support.databases import count_queries
from tests.support.factories import DELEGATE, NOW, make_edition, make_registration
from tests.support.groups import CONTACT, make_delegation, make_group, make_promise, someone, stand
from tests.support.letters import kinds, letters
from tests.support.pages import Client


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def page(client, writing, edition):
    """The address of the page of a delegation with three places."""
    with writing() as session:
        return f"/groups/{token_of_group(make_promise(session, edition))}/"


def test_the_head_invites_reminds_and_takes_back(client, page, reading, clock):
    assert client.get(page).one("[data-promised]")["data-used"] == "0"
    form = client.get(page).follow("Invite somebody").form("main form")
    done = form.fill(name="Mira", email="mira@own.test").submit()
    assert "You can still invite or register 2 people." in done.text
    assert not done.all("[aria-label='Remind Mira']")
    again = client.get(page).follow("Invite somebody").form("main form").fill(name="Mira", email="mira@own.test")
    assert again.submit().status == 422
    clock.shift(timedelta(days=1))
    client.get(page).form("[action$=remind]").submit()
    with reading() as session:
        assert kinds(session, to="mira@own.test") == ["delegation-invitation"] * 2
    client.get(page).form("[action$=take-back]").submit().agree()
    with reading() as session:
        assert kinds(session, to="mira@own.test") == []


def test_a_head_invites_nobody_while_nobody_can_register_which_is_said(client, page, writing, reading, edition, clock):
    form = client.get(page).follow("Invite somebody").form("main form")
    form.fill(name="Mira", email="mira@own.test").submit()
    clock.shift(timedelta(days=1))
    remind = client.get(page).form("[action$=remind]")
    with writing() as session:
        session.get_one(Edition, edition.id).registration_closes_at = NOW
    shown = client.get(page)
    assert "Registration is not open, so you cannot invite or register anybody now." in shown.text
    assert "You can still invite" not in shown.text and shown.all("[action$=remind]") == []
    for refused in (client.get(f"{page}invite"), form.fill(name="Late", email="late@own.test").submit()):
        assert (refused.status, refused.h1) == (403, "Registration is closed")
    assert remind.submit().status == 403
    with writing() as session, pytest.raises(RegistrationNotOpen):
        invite(session, session.scalars(select(Group.id)).one(), [("Late", "late@own.test")], DELEGATE, NOW)
    with reading() as session:
        assert [message.recipient for message in letters(session)] == ["head@cluster.test", "mira@own.test"]


def test_no_page_promises_an_email_where_none_leaves(shared_app, page, clock):
    unsent = Client(shared_app())
    form = unsent.get(page).follow("Invite somebody").form("main form")
    assert "No email has been sent" in form.fill(name="Mira", email="mira@own.test").submit().text
    clock.shift(timedelta(days=1))
    reminded = unsent.get(page).form("[action$=remind]").submit()
    assert "Reminder written. No email has been sent" in reminded.text


def test_who_is_invited_registers_and_the_head_sees_no_more_than_name_and_status(client, writing, edition):
    with writing() as session:
        group, invitation = make_delegation(session, edition)
        page, link = f"/groups/{token_of_group(group)}/", f"/groups/join/{token_of_invitation(invitation)}"
    invited = client.get(link)
    assert "We remove your dietary and access needs" in invited.text
    form = invited.form("main form")
    assert form.value("email") == "guest@own.test"
    own = form.fill(ANSWERS | {"email": "guest@own.test"}).submit()
    assert own.one("[data-registration-status]")["data-registration-status"] == "confirmed"
    seen = client.get(page)
    assert seen.one("[data-member]")["data-status"] == "confirmed"
    assert "Łucja" in seen.text
    for private in ("guest@own.test", "987 6543", "No nuts", "A ramp", "Manager", "/registrations/"):
        assert private not in seen.html
    assert client.get(link).h1 == "You have already registered"


def test_who_fills_in_the_form_of_an_invitation_that_is_taken_back_is_told_so_and_whom_to_ask(client, writing, edition):
    with writing() as session:
        group, invitation = make_delegation(session, edition)
        page, link = f"/groups/{token_of_group(group)}/", f"/groups/join/{token_of_invitation(invitation)}"
    form = client.get(link).form("main form").fill(ANSWERS | {"email": "guest@own.test"})
    client.get(page).form("[action$=take-back]").submit().agree()
    late = form.submit()
    assert late.status == 404 and "The invitation may have been taken back" in late.text
    assert "Ask the person who invited you" in late.text and "Questions? Write to Elena Petrova" in late.text
    assert "the link to my group" not in late.text


def test_what_is_changed_in_the_form_of_an_invitation_that_was_sent_opens_the_edit_page(client, writing, edition):
    with writing() as session:
        link = f"/groups/join/{token_of_invitation(make_delegation(session, edition)[1])}"
    form = client.get(link).form("main form").fill(ANSWERS | {"email": "guest@own.test"})
    form.submit()
    page = form.fill(job_title="Director").submit()
    assert page.status == 422 and "You have already sent this form with different answers." in page.text
    assert page.form("main form").value("job_title") == "Director"
    page = form.fill(given_name="Mira", email="mira@own.test").submit()
    assert page.form("main form").submit().one("[data-registration-status]"), "she registers as everybody does"


def test_the_head_replaces_somebody_and_gives_places_back(client, page, edition, reading):
    add = client.get(page).follow("Register colleagues yourself").form("main form.form-narrow")
    values = {"given_name": "Ana", "organisation": "Dom", "country": "RS", "category": "company"}
    add.fill({f"people-0-{name}": value for name, value in values.items()}).fill(consent=True)
    check = add.submit("check")
    assert "There is a place for this person." in check.text
    done = check.form("main form.form-narrow").submit("register")
    assert done.one("[data-promised]")["data-used"] == "1"
    replace = done.follow("Replace Ana").form("main form")
    asked = replace.fill(given_name="Boro", email="boro@own.tset").submit()
    assert asked.h1 == "Replace Ana with Boro?" and "The link will be sent to boro@own.tset." in asked.text
    done = asked.form("main form").submit("change").form("main form").fill(email="boro@own.test").submit()
    done = done.form("main form").submit("sure")
    assert "Boro is now registered instead of Ana. We will email you and Boro." in done.text
    with reading() as session:
        assert list(stand(session, edition)) == ["Boro"]
        [told] = letters(session, to="boro@own.test")
        assert "Head of it has handed this registration over to you." in " ".join(told.text.split())
    back = done.follow("Give places back")
    assert back.form("main form").fill(number="3").submit().status == 422
    asked = back.form("main form").fill(number="1").submit()
    assert asked.h1 == "Give back 1 place?" and "It goes to the waiting list immediately." in asked.text
    assert "You cannot take it back." in asked.text
    asked = back.form("main form").fill(number="2").submit()
    assert asked.h1 == "Give back 2 places?" and "You cannot take them back." in asked.text
    assert client.get(page).one("[data-promised]")["data-promised"] == "3"
    assert asked.form("main form").submit("sure").one("[data-promised]")["data-promised"] == "1"


def test_a_head_who_replaces_somebody_on_the_waiting_list_reads_of_no_place(client, page, writing, reading, edition):
    with writing() as session:
        promised = make_promise(session, edition, "Other", places=0)
        for _ in range(27):
            make_registration(session, edition)
        ana = someone("Ana", "ana@own.test")
        make_group(session, edition, [ana], choice="split", group_id=promised.id)
        waiting = f"/groups/{token_of_group(promised)}/"
    form = client.get(waiting).follow("Replace Ana")
    assert "the same place or position on the waiting list" in form.text
    asked = form.form("main form").fill(given_name="Boro", email="boro@own.test").submit()
    done = asked.form("main form").submit("sure")
    assert "Boro is now registered instead of Ana Kovač. Both will be told by email." in done.text
    assert done.one("[data-member]")["data-status"] == "waitlisted"
    with reading() as session:
        told = letters(session, to="ana@own.test")[-1]
    for part in (told.text, told.html):
        assert f"Head of it has handed over your registration for {edition.name} to Boro" in " ".join(part.split())
        assert "your place" not in part


@pytest.mark.parametrize(
    ("addresses", "said", "of_each"),
    [
        (("a@own.test", "b@own.test"), "each of them their own link, and a confirmation to head@cluster.test.", False),
        (("a@own.test", ""), "their links, and the other links to head@cluster.test.", True),
        (("", ""), "We will email the links to head@cluster.test.", True),
        (("a@own.test",), "We will email the link to their own address, and a confirmation to head@", False),
    ],
)
def test_the_head_is_told_where_the_links_go(client, page, reading, addresses, said, of_each):
    form = client.get(page).follow("Register colleagues yourself").form("main form.form-narrow")
    if len(addresses) > 1:
        form = form.submit("add").form("main form.form-narrow")
    for number, address in enumerate(addresses):
        values = {"given_name": f"Ana {number}", "organisation": "Dom", "country": "RS", "category": "company"}
        form.fill({f"people-{number}-{name}": value for name, value in (values | {"email": address}).items()})
    check = form.fill(consent=True).submit("check")
    assert said in check.form("main form.form-narrow").submit("register").text
    with reading() as session:
        message = next(one for one in letters(session) if one.kind == "group-registered")
    for part in (message.text, message.html):
        told = " ".join(part.split())
        assert told.count("We are emailing the link to their own address.") == sum(map(bool, addresses))
        assert ("/registrations/" in told) is of_each and ("The links are for you" in told) is of_each


def test_the_page_counts_what_invitations_promise_as_kept_for_these_people(client, writing, edition):
    with writing() as session:
        page = f"/groups/{token_of_group(make_delegation(session, edition)[0])}/"
    seen = client.get(page)
    assert "0 used, 1 promised to people you have invited, 2 left." in seen.text
    assert "2 places are left to invite somebody for." in seen.follow("Invite somebody").text
    back = seen.follow("Give places back")
    assert "1 place is promised to somebody you have invited." in back.text
    assert "You can give back 2 places." in back.text
    assert back.form("main form").fill(number="3").submit().status == 422
    assert back.form("main form").fill(number="2").submit().h1 == "Give back 2 places?"


def test_a_head_who_crafts_requests_reaches_nothing_of_others(client, page, writing):
    with writing() as session:
        edition = make_edition(session, year=2031)
        group, invitation = make_delegation(session, edition, "Other")
        [theirs] = make_group(session, edition, [someone("Theirs")], group_id=group.id).people
        stranger = make_registration(session, edition)
        references, number = (theirs.registration.reference, stranger.reference), invitation.id
        token = token_of_group(
            make_group(session, edition, [someone("Plain")], contact=replace(CONTACT, email="other@cluster.test")).group
        )
    csrf = client.get(page).follow("Invite somebody").form("main form").value("csrf_token")
    for act in ("remind", "take-back"):
        answer = client.post(f"{page}invitations/{number}/{act}", {"csrf_token": csrf})
        assert answer.status == 403
        assert "Guest of theirs" not in answer.text
    for reference in references:
        assert client.get(f"{page}people/{reference}/replace").status == 404
    assert client.get(f"{page}contact").status == 404
    for act in ("invite", "give-back", f"people/{references[0]}/replace"):
        assert client.get(f"/groups/{token}/{act}").status == 404


def test_after_the_date_the_page_says_so_and_promises_nothing(client, page, writing, clock):
    form = client.get(page).follow("Invite somebody").form("main form").fill(name="Mira", email="mira@own.test")
    clock.shift(timedelta(days=31))
    with client.app.app_context():
        run_timers(NOW + timedelta(days=31))
    assert client.get(page).one("[data-promised]")["data-promised"] == "0"
    assert form.submit().status == 403


def test_the_page_of_an_archived_edition_promises_nothing_and_has_no_buttons(client, writing, edition):
    with writing() as session:
        group, _ = make_delegation(session, edition)
        make_group(session, edition, [someone("Ana")], group_id=group.id)
        page = f"/groups/{token_of_group(group)}/"
        session.merge(edition).status = EditionStatus.ARCHIVED
    seen = client.get(page)
    assert seen.one("[data-promised]")["data-promised"] == "0"
    assert seen.all("main button, main .btn") == []
    assert "You can still" not in seen.text and "Replace" not in seen.text


def test_the_contact_of_a_group_changes_with_all_links(client, writing, edition, reading):
    with writing() as session:
        page = f"/groups/{token_of_group(make_group(session, edition, [someone('Ana')]).group)}/"
    own = client.get(page).link("Open the registration of Ana")
    form = client.get(page).follow("Change the contact").form("main form")
    asked = form.fill(contact_name="Mila", email="mila@cluster.test").submit()
    assert asked.h1 == "Make Mila the contact?" and client.get(page).status == 200
    done = asked.form("main form").submit("sure")
    assert "Your own link no longer works. We will email the new link to mila@cluster.test." in done.text
    assert "is registered" not in done.text and not done.all("main a[href*=lost-link]")
    assert client.get(page).status == 404
    assert client.get(own).status == 404
    with reading() as session:
        assert kinds(session, to="mila@cluster.test") == ["group-link"]
        assert kinds(session, to="office@cluster.test") == ["group-contact-changed"]


def test_a_lost_link_to_a_group_is_mailed_again_and_nobody_learns_whether_there_is_one(client, page, reading):
    form = client.get("/groups/link/2027").form("main form")
    answers, asked = [], []
    for email in ("HEAD@cluster.test", "nobody@cluster.test"):
        with count_queries() as queries:
            answers.append(form.fill(email=email).submit().text.replace(email, ""))
        asked.append(len(queries))
    assert answers[0] == answers[1]
    # Neither does the time of an answer say so.
    assert asked[0] == asked[1]
    with reading() as session:
        [message] = [one for one in letters(session) if one.kind == "group-link"]
        assert message.recipient == "head@cluster.test"
        assert page in message.text


@pytest.mark.usefixtures("edition")
def test_the_page_after_a_lost_link_to_a_group_speaks_of_a_group_and_leads_back_to_its_form(client):
    sent = client.get("/groups/link/2027").form("main form").fill(email="head@cluster.test").submit()
    assert "If we write to head@cluster.test about a group or delegation at this edition" in sent.text
    assert "It contains the link to the group." in sent.text and "registration" not in sent.one("main").text
    assert "links an hour to one address" in sent.text
    assert sent.follow("Try another address").h1 == "Send me the link to my group again"
