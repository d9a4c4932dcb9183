"""Places that the link in an email confirms, and nothing else."""

import re

import pytest
import time_machine

from dofc_events.registration import service
from tests.registration.conftest import FORM, fill, status_of
from tests.support.factories import DELEGATE, NOW, make_edition, make_registration
from tests.support.letters import letters


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


def test_a_place_that_is_held_is_confirmed_by_the_link_in_the_email_alone(client, change, reading):
    change(confirms_places=True)
    assert "Your place is held for 30 minutes." in client.get(FORM).text
    own = fill(client).submit()
    assert status_of(own) == "offered" and "Place held, not confirmed yet" in own.text
    assert "Open the link in our email to lucja@example.org" in own.text
    assert not [button for button in own.all("main button") if "Accept" in button.text or "Confirm" in button.text]
    # Nor by whoever makes up the form that answers an offer.
    token = own.url.rstrip("/").rpartition("/")[2]
    csrf = client.get(f"{own.url}cancel").form("main form").value("csrf_token")
    refused = client.post(f"{own.url}offer", {"answer": "accept", "csrf_token": csrf})
    assert refused.status == 403 and status_of(client.get(own.url)) == "offered"
    assert client.get(f"/registrations/{token}/confirm").status == 404
    with reading() as session:
        (link,) = re.findall(r"(/registrations/\S+/confirm)\s", letters(session)[-1].text)
    other = client.another()
    page = other.get(link)
    assert status_of(client.get(own.url)) == "offered", "looking at the page confirms nothing"
    assert status_of(page.form("main form").submit()) == "confirmed"
    assert "You already have your place." in other.get(link).text


def test_an_offer_from_the_waiting_list_is_accepted_by_the_link_in_the_email_alone(client, writing, reading):
    with writing() as session:
        edition = make_edition(session, capacity=1, confirms_places=True)
        other = make_registration(session, edition).id
    own = fill(client).submit()
    assert status_of(own) == "waitlisted"
    with writing() as session:
        service.cancel_registration(session, other, DELEGATE, NOW)
    own = client.get(own.url)
    assert "Open the link in our email to lucja@example.org and press “Accept the place”" in own.text
    assert own.link("Send me my link again") and own.link("Decline").endswith("/decline")
    assert not [button for button in own.all("main button") if "Accept" in button.text]
    csrf = client.get(f"{own.url}cancel").form("main form").value("csrf_token")
    refused = client.post(f"{own.url}offer", {"answer": "accept", "csrf_token": csrf})
    assert refused.status == 403 and status_of(refused) == "offered"
    with reading() as session:
        (link,) = re.findall(r"(/registrations/\S+/confirm)\s", letters(session, to="lucja@example.org")[-1].text)
    page = client.another().get(link)
    assert page.h1 == "Accept your place" and "If you did not register, do nothing" in page.text
    assert status_of(page.form("main form").submit("Accept the place")) == "confirmed"
