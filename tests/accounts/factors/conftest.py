"""Ada with a second factor, and what she has in her hands for it."""

from datetime import timedelta

import pytest
from pyotp import TOTP

from dofc_events.accounts.service import issue_sign_in_link
from dofc_events.core.clock import now
from tests.support.pages import Client, Page

PAGE, CHECK = "/sign-in/factors", "/sign-in/factors/check"


class Ada:
    """What she does at the site, in one browser or another, and the app on her phone."""

    def __init__(self, client: Client, writing, account_id: int, clock) -> None:
        self.client, self._writing, self.account_id, self._clock = client, writing, account_id, clock
        self.app: TOTP | None = None
        self.codes: list[str] = []

    def link(self) -> str:
        with self._writing() as session:
            return f"/sign-in/{issue_sign_in_link(session, self.account_id, now())}"

    def open_link(self, client: Client | None = None) -> Page:
        return (client or self.client).get(self.link()).form().submit()

    def later(self, **time: int) -> None:
        self._clock.shift(timedelta(**time))

    def code(self) -> str:
        """What the app shows: another code each time it is asked."""
        self.later(seconds=30)
        return self.app.at(now())

    def add_app(self, page: Page | None = None) -> Page:
        """From the page with the factors until the recovery codes have been saved."""
        page = (page or self.client.get(PAGE)).follow("Add an app")
        self.app = TOTP(page.one("[data-secret]").get_text(strip=True).replace(" ", ""))
        page = page.form().fill(code=self.code()).submit()
        if page.url == f"{PAGE}/codes":
            self.codes = [tag.get_text() for tag in page.all("code")]
            page = page.form().submit()
        return page


@pytest.fixture
def hers(client, writing, ada, clock) -> Ada:
    """Ada, who has signed in, and has no factor."""
    person = Ada(client, writing, ada, clock)
    person.open_link()
    return person
