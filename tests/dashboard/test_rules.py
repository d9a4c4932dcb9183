"""Which links are hidden, and what categories are called in addresses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dofc_events.dashboard.rules import LONGEST_SLUG, masked, masked_html, slug_for


@pytest.mark.parametrize(
    ("shown", "hidden"),
    [
        ("http://dofc.test/registrations/7KX9-Q2MB.1.abc_-d/", "http://dofc.test/registrations/…/"),
        ("http://dofc.test/registrations/7KX9.1.abc/offer now", "http://dofc.test/registrations/…/offer now"),
        ("(https://dofc.test/dofc/sign-in/s3cr-t_9)", "(https://dofc.test/dofc/sign-in/…)"),
        ("https://dofc.test/hosting/vote/abc.", "https://dofc.test/hosting/vote/…"),
        ("https://dofc.test/hosting/proposals/abc/edit", "https://dofc.test/hosting/proposals/…/edit"),
        ("https://dofc.test/editions/2027/", "https://dofc.test/editions/2027/"),
        ("https://dofc.test/sign-in", "https://dofc.test/sign-in"),
        ("two /registrations/a/ and /registrations/b/", "two /registrations/…/ and /registrations/…/"),
    ],
)
def test_links_that_act_for_a_person_lose_their_secret(shown, hidden):
    assert masked(shown) == hidden


@pytest.mark.parametrize(
    "link",
    [
        '<a class="b" href="http://dofc.test/registrations/SECRET/" style="color: red">Go</a>',
        "<a style='x' HREF = 'http://dofc.test/sign-in/SECRET'>Go</a>",
        "<a href=http://dofc.test/hosting/vote/SECRET>Go</a>",
        '<a href="http://dofc.test/registrations&#47;SECRET/">Go</a>',
        '<form action="/registrations/SECRET/cancel"></form>',
        "<p>http://dofc.test/hosting/proposals/SECRET/</p>",
    ],
)
def test_html_neither_shows_nor_follows_them(link):
    hidden = masked_html(f"<p>{link}</p>")
    assert "SECRET" not in hidden
    assert "href" not in hidden.lower()


def test_html_keeps_other_links():
    html = '<p><a href="http://dofc.test/editions/2027/" style="color: teal">The edition</a></p>'
    assert masked_html(html) == html


@given(st.text(st.characters(codec="ascii", categories=("L", "N"), include_characters="-_."), min_size=4))
def test_no_token_survives(token):
    text = f"Your page:\nhttps://dofc.test/registrations/{token}/edit\n"
    assert masked(text) == "Your page:\nhttps://dofc.test/registrations/…/edit\n"


@pytest.mark.parametrize(
    ("label", "taken", "slug"),
    [
        ("Member of the network", (), "member-of-the-network"),
        ("Öffentliche Hand", (), "offentliche-hand"),
        ("Гост", (), "category"),
        ("Γ", ("category",), "category-2"),
        ("Guest", ("guest", "guest-2"), "guest-3"),
        ("—", (), "category"),
    ],
)
def test_slug_is_made_from_the_label(label, taken, slug):
    assert slug_for(label, taken) == slug


@given(st.text(), st.sets(st.text(alphabet="abc-", max_size=4)))
def test_slug_is_new_short_and_plain(label, taken):
    slug = slug_for(label, taken)
    assert slug not in taken
    assert 0 < len(slug) <= LONGEST_SLUG
    assert set(slug) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
