"""A delegate on a phone reads what is kept about them, and erases it."""

import re

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from dofc_events.core.clock import now
from dofc_events.delegates.models import Registration
from dofc_events.delegates.queries import token_of
from tests.support.browser import PHONE
from tests.support.factories import make_edition, make_registration

pytestmark = pytest.mark.databases("sqlite")


def test_a_delegate_reads_and_erases(live_server, database_url, writing, reading, smtp, browser):
    with writing() as session:
        edition = make_edition(session, now=now())
        person = make_registration(session, edition, now=now(), email="ana@dofc.test", dietary="No jicama ever")
        token = token_of(person)
    site = live_server(database_url, smtp)
    tab = browser.open(site.url, PHONE)
    page = tab.goto(f"/registrations/{token}/")
    page.get_by_role("link", name="See everything we keep about you").click()
    expect(page.get_by_text("No jicama ever")).to_be_visible()
    tab.accessible_on_both()
    page.get_by_role("link", name="Erase your data").click()
    tab.accessible_on_both()
    page.get_by_role("button", name="Send me the email").click()
    expect(page.get_by_text("Nothing has been erased yet. We are sending")).to_be_visible()
    tab.check()
    site.flask("worker", "--once")
    (told,) = [message for message in smtp.messages if message["X-DofC-Kind"] == "erase-confirmation"]
    tab.goto(re.search(r"http\S+/erase/confirm", told.get_body(("plain",)).get_content())[0])
    tab.accessible_on_both()
    page.get_by_role("button", name="Erase this data").click()
    expect(page.get_by_role("heading", name="The data has been erased")).to_be_visible()
    tab.expected_statuses = {404}
    tab.goto(f"/registrations/{token}/")
    tab.goto("/privacy")
    tab.accessible_on_both()
    with reading() as session:
        assert session.scalars(select(Registration.email)).all() == [""]
    assert "ana@dofc.test" not in "".join(log.read_text() for log in site.logs.iterdir())
