"""The site in processes of its own starts, answers, and is gone afterwards."""

import urllib.request
from collections.abc import Iterator

import pytest

from tests.support.browser import PHONE
from tests.support.forked import ForkedSite
from tests.support.site import Site


@pytest.fixture
def site(request, database_url, tmp_path) -> Iterator[Site]:
    site = request.param(database_url, tmp_path)
    yield site.serve(workers=2)
    site.stop()


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("site", [Site, ForkedSite], indirect=True)
def test_the_site_answers_and_its_commands_see_the_same_database(site):
    with urllib.request.urlopen(f"{site.url}/", timeout=10) as answer:
        assert answer.status == 200
    site.flask("accounts", "add", "chair@dofc.test", "--name", "Ana", "--role", "chair")
    assert site.flask("accounts", "sign-in-link", "chair@dofc.test").startswith(f"{site.url}/sign-in/")
    worker = site.run_worker()
    assert worker.is_running
    site.stop()
    assert not worker.is_running


@pytest.mark.databases("sqlite")
def test_the_browser_opens_a_page_of_the_site_and_notices_one_that_is_not_there(live_server, database_url, browser):
    site = live_server(database_url)
    tab = browser.open(site.url, PHONE)
    assert tab.goto("/").title()
    tab.goto("/sign-in")
    tab.page.get_by_label("address").first.fill("nobody@dofc.test")
    tab.page.locator("main form button").click()
    tab.check()
    with pytest.raises(AssertionError, match="404"):
        tab.goto("/nowhere")
    tab.problems.clear()
