"""A registration changes hands, or its address."""

import pytest

from dofc_events.delegates.models import Registration
from tests.registration.own.conftest import status_of
from tests.support.letters import letters
from tests.support.pages import Client


def test_the_registration_is_handed_over(client, ana, people, mail):
    page = client.get(ana).follow("Hand over to a colleague")
    assert "Yours will be deleted once you can no longer take the registration back." in page.text
    form = page.form()
    asked = form.fill(given_name="Mira", family_name="", email="mira@dofc.test").submit()
    assert (asked.h1, status_of(asked)) == ("Hand over to Mira?", "confirmed")
    assert "The link will be sent to mira@dofc.test." in asked.text and mail("mira@dofc.test") == []
    changed = asked.form().submit("Change it").form()
    assert (changed.value("given_name"), changed.value("email")) == ("Mira", "mira@dofc.test")
    page = asked.form().submit("Hand over")
    assert (page.h1, page.status) == (
        "Handed over",
        200,
    ) and "We will email the link to the registration to mira@dofc.test" in page.text
    assert client.get(page.url).text == page.text
    old = client.get(ana)
    assert old.status == 404 and "If you handed it over, only your colleague’s link works." in old.text
    assert (mail("mira@dofc.test"), mail(people[0])[1:]) == (["registration-confirmed"], ["registration-changed"])


def hand_over_to_mira(client, own):
    form = client.get(own).follow("Hand over to a colleague").form()
    return form.fill(given_name="Mira", email="mira@dofc.test").submit().form().submit("Hand over")


def test_a_hand_over_is_taken_back_until_the_colleague_has_opened_it(client, ana, people, page_of, reading):
    written = hand_over_to_mira(client, ana)
    asked = written.follow("Take it back")
    form = asked.form()
    assert asked.h1 == "Take the registration back?" and "Mira has not opened the link yet." in asked.text
    with reading() as session:
        miras = page_of(session.get_one(Registration, people[0].id))
    # A mail scanner opens the colleague's link; that has no effect.
    assert "has handed this registration over to you" in client.another().get(miras).text
    own = form.submit("Take it back")
    assert "The registration is yours again." in own.text and people[0].given_name in own.h1
    assert "handed this registration over" not in own.text
    for page in (form.submit("Take it back"), client.get(miras), client.get(ana)):
        assert (page.status, page.h1) == (404, "The registration has been taken back")
    hand_over_to_mira(client, own.url)
    assert client.get(ana).h1 == client.get(own.url).h1 == "This link does not work"


def test_taking_back_promises_no_email_where_none_leaves(shared_app, people, ana):
    unsent = Client(shared_app())
    asked = hand_over_to_mira(unsent, ana).follow("Take it back")
    assert "Your colleague’s link will stop working." in asked.text
    own = asked.form().submit("Take it back")
    assert "The registration is yours again. This page has a new link." in own.text and "sent you" not in own.text


@pytest.mark.parametrize("act", ["opened", "edit"])
def test_no_hand_over_is_taken_back_once_the_colleague_has_acted(client, ana, people, page_of, reading, act):
    asked = hand_over_to_mira(client, ana).follow("Take it back")
    with reading() as session:
        miras = page_of(session.get_one(Registration, people[0].id))
    mira = client.another()
    form = mira.get(miras).form("/opened") if act == "opened" else mira.get(miras).follow("Change details").form()
    page = form.submit()
    assert page.url == miras and "handed this registration over" not in page.text
    assert asked.form().submit("Take it back").status == 404
    assert mira.get(miras).status == 200


def test_handing_over_to_who_is_registered_says_nothing(client, ana, people, mail, reading):
    form = client.get(f"{ana}hand-over").form()
    page = form.fill(given_name="Boris", email=people[1].email).submit().form().submit("Hand over")
    assert page.all("[data-registration-status]") == [] and page.h1 == "Nothing has been changed"
    assert f"If {people[1].email} is already registered" in page.text
    assert status_of(client.get(ana)) == "confirmed"
    assert mail(people[1]) == ["registration-waitlisted", "already-registered"]
    with reading() as session:
        told = " ".join(letters(session, to=people[1].email)[-1].text.split())
    # Nobody has filled in the registration form, and a colleague is added on the page that the email leads to.
    assert "entered it for another registration" in told and "Add a colleague" in told


def test_handing_over_to_oneself_keeps_what_was_typed(client, ana, people, mail):
    page = client.get(f"{ana}hand-over").form().fill(given_name="Mira", email=people[0].email.upper()).submit()
    assert page.status == 422 and "This is your own address" in page.text
    assert page.form().value("given_name") == "Mira"
    assert mail(people[0]) == ["registration-confirmed"]


def sure(page):
    """What follows where a page asks first."""
    return page.form().submit("sure") if "?" in page.h1 else page


@pytest.mark.parametrize("path", ["hand-over", "address"])
def test_an_address_that_is_taken_can_be_mended_without_typing_all_again(client, ana, people, mail, path):
    form = client.get(f"{ana}{path}").form()
    typed = {name: "Mira" for name in form.names if name != "email"}
    page = sure(form.fill(typed, email=people[1].email).submit())
    assert page.h1 == "Nothing has been changed" and page.form(path).value("email") == people[1].email
    sure(page.form(path).fill(email="mira@dofc.test").submit())
    assert mail("mira@dofc.test") == ["registration-confirmed"]


def test_the_address_is_corrected_and_the_link_replaced(client, ana, people, mail):
    page = client.get(f"{ana}address").form().fill(email="right@dofc.test").submit()
    assert page.url != ana and status_of(page) == "confirmed"
    assert "We will now write to right@dofc.test." in page.text
    assert client.get(ana).status == 404
    assert mail("right@dofc.test") == ["registration-confirmed"]
    assert mail(people[0]) == ["registration-confirmed", "address-changed"]


def test_correcting_to_an_address_that_is_registered_says_nothing(client, ana, people, mail):
    page = client.get(f"{ana}address").form().fill(email=people[1].email).submit()
    assert page.all("[data-registration-status]") == [] and page.h1 == "Nothing has been changed"
    assert f"If {people[1].email} is already registered" in page.text
    assert client.get(ana).status == 200
