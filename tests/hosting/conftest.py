"""People of the network, signed in."""

import pytest

from dofc_events.accounts.models import Account
from dofc_events.accounts.service import issue_sign_in_link
from dofc_events.core.clock import now
from tests.support.pages import Client


@pytest.fixture
def sign_in(app, writing):
    """`sign_in(account)`: the browser of that account, for as long as a session lasts on the test's clock."""

    def sign_in(account: Account) -> Client:
        with writing() as session:
            secret = issue_sign_in_link(session, account.id, now())
        browser = Client(app, base_url="http://dofc.test")
        browser.get(f"/sign-in/{secret}").form().submit()
        return browser

    return sign_in
