"""Where an account is signed in, and how it is signed out from elsewhere."""

from datetime import timedelta

import pytest

from tests.support.factories import make_account

PAGE = "/organise/sessions"


@pytest.fixture
def ana(writing):
    with writing() as session:
        return make_account(session)


@pytest.fixture
def browsers(client, ana):
    """Two browsers of one account, and one of another."""
    return client.sign_in(ana), client.another().sign_in(ana)


def sessions_on(page) -> list[str]:
    return [row["data-session"] for row in page.all("[data-session]")]


def is_signed_in(client) -> bool:
    return client.get(PAGE, follow=False).status == 200


def test_every_browser_is_listed_and_each_can_be_signed_out(browsers):
    here, there = browsers
    page = here.get(PAGE)
    assert len(sessions_on(page)) == 2 and "this browser" in page.text
    page = page.form("tr form").submit()
    assert "That browser has been signed out." in page.text and len(sessions_on(page)) == 1
    assert is_signed_in(here) and not is_signed_in(there)


def test_all_are_signed_out_at_once(browsers):
    here, there = browsers
    page = here.get(PAGE).form("/organise/sessions/end").submit()
    assert page.url == "/sign-in" and "You have been signed out everywhere." in page.text
    assert not is_signed_in(here) and not is_signed_in(there)


def test_nobody_signs_out_somebody_else(browsers, client, enter):
    here, _there = browsers
    number = sessions_on(here.get(PAGE))[0]
    other = enter("chair")
    token = other.get(PAGE).form("/organise/sessions/end").value("csrf_token")
    assert other.post(f"{PAGE}/{number}/end", {"csrf_token": token}).status == 404
    assert is_signed_in(here)


def test_what_has_lasted_twelve_hours_is_not_listed(browsers, clock, ana, client):
    clock.shift(timedelta(hours=12))
    assert len(sessions_on(client.another().sign_in(ana).get(PAGE))) == 1


def test_what_is_kept_about_the_account_is_read_and_taken_along_without_secrets(browsers):
    here, _there = browsers
    page = here.get(PAGE).follow("What we keep about you")
    assert "test browser" in page.text.lower() or "Signed in" in page.text
    told = here.get("/organise/sessions/my-data.json").data.decode()
    assert '"kept_in": "browser_sessions"' in told and 'secret_hash": "' not in told
