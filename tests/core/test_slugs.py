"""Slugs are new, short and plain."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dofc_events.core.slugs import LONGEST_SLUG, slug_for


@pytest.mark.parametrize(
    ("label", "taken", "slug"),
    [
        ("Member of the network", (), "member-of-the-network"),
        ("Öffentliche Hand", (), "offentliche-hand"),
        ("Đavolja Varoš", (), "davolja-varos"),
        ("Винарија", (), "vinarija"),
        ("Οινοποιείο", (), "oinopoieio"),
        ("와인", (), "wain"),
        ("…", ("category",), "category-2"),
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
