"""People of the network, signed in."""

import pytest

from dofc_events.accounts.models import Account
from dofc_events.accounts.service import issue_sign_in_link, use_link
from dofc_events.core.clock import now
from tests.support.pages import Client


@pytest.fixture
def sign_in(app, writing):
    """`sign_in(account)`: the browser of that account, for as long as a session lasts on the test's clock."""

    def sign_in(account: Account) -> Client:
        with writing() as session:
            use_link(session, issue_sign_in_link(session, account.id, now()), now())
        return Client(app, base_url="http://dofc.test").sign_in(account)

    return sign_in
