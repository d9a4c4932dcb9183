"""The way back to one's registration: a lost link, a link that is no longer valid."""

from datetime import timedelta

import pytest
import time_machine

from dofc_events.delegates.queries import token_of
from dofc_events.mail.rules import LINK_LIMITS
from dofc_events.registration import service
from tests.registration.conftest import LOST, fill
from tests.support.factories import DELEGATE, NOW, make_registration
from tests.support.pages import Client


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


# The way back to one's own page


@pytest.mark.databases("sqlite")
@pytest.mark.usefixtures("edition")
@pytest.mark.parametrize("email", ["lucja@example.org", "nobody@example.org"])
def test_lost_link_is_refused_a_sixth_time_for_known_and_unknown_alike(make_app, clock, email):
    client = Client(make_app(rate_limits=True))
    fill(client).submit()
    for _ in range(5):
        assert client.get(LOST).form().fill(email=email).submit().status == 200
    page = client.get(LOST).form().fill(email=email).submit()
    assert (page.status, page.form().value("email")) == (429, email)
    assert 0 < int(page.headers["Retry-After"]) <= 3601


@pytest.mark.usefixtures("edition")
def test_lost_link_answers_the_same_for_known_and_unknown_addresses(client, mail):
    fill(client).submit()
    known = client.another().get(LOST).form().fill(email="lucja@example.org").submit()
    unknown = client.another().get(LOST).form().fill(email="nobody@example.org").submit()
    assert known.redirects == unknown.redirects == [LOST]
    assert known.html.replace("lucja@", "nobody@") == unknown.html
    assert mail() == ["registration-confirmed", "registration-link"]
    assert mail("nobody@example.org") == []


@pytest.mark.usefixtures("edition")
def test_lost_link_writes_only_so_often_and_says_nothing_of_it(client, mail):
    fill(client).submit()
    most = LINK_LIMITS[0][0]
    form = client.get(LOST).form().fill(email="lucja@example.org")
    answers = {form.submit().text for _ in range(most + 2)}
    assert (len(answers), len(mail())) == (1, most + 1)


@pytest.mark.usefixtures("edition")
def test_lost_link_does_not_promise_an_email_within_minutes_while_none_leaves(client, clock):
    fill(client).submit()
    form = client.get(LOST).form().fill(email="lucja@example.org")
    assert "within a few minutes" in form.submit().text
    clock.shift(timedelta(minutes=11))
    late = form.submit().text
    assert "Emails from this site are delayed" in late and "within a few minutes" not in late


@pytest.mark.usefixtures("edition")
@pytest.mark.parametrize("email", ["", "nonsense", "a@b@c.org", "x" * 300 + "@example.org"])
def test_lost_link_is_422_with_what_was_typed_for_what_is_no_address(client, email):
    page = client.get(LOST).form().fill(email=email).submit()
    assert page.status == 422 and page.form("main form").value("email") == email
    assert page.one("[data-error-summary]")


@pytest.mark.usefixtures("edition")
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("path", ["", "edit", "cancel", "offer", "address", "hand-over", "calendar.ics", "rejoin"])
def test_a_wrong_or_replaced_link_is_404_with_the_form_that_mails_a_new_one(client, writing, edition, method, path):
    with writing() as session:
        registration = make_registration(session, edition, email="lucja@example.org")
        replaced = token_of(registration)
        service.correct_address(session, registration.id, "new@example.org", DELEGATE, NOW)
    readable = {"": ["GET"], "calendar.ics": ["GET"], "rejoin": ["POST"]}.get(path, ["GET", "POST"])
    pages = [
        client.open(method, f"/registrations/{token}/{path}") for token in (replaced, "nonsense", "KKKK-KKKK.1.x y")
    ]
    if method not in readable:
        assert {page.status for page in pages} == {405}
        return
    assert {page.status for page in pages} == {404}
    assert len({page.text for page in pages}) == 1
    assert "new@example.org" not in pages[0].html
    answer = pages[0].form(LOST).fill(email="new@example.org").submit()
    assert "If new@example.org is registered for this edition, we have sent an email there." in answer.text


@pytest.mark.usefixtures("edition")
@pytest.mark.parametrize("path", ["/editions/2027/written", "/editions/", "/"])
def test_posting_to_a_page_that_has_no_form_is_405(client, path):
    assert client.post(path).status == 405
