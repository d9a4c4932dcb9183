"""Normal forms cost what a text is long."""

import time
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from dofc_events.core.normal import MAX_MARKS, normal


@given(st.text(max_size=50), st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"]))
def test_what_people_write_is_normal_as_unicode_has_it(text, form):
    assert normal(form, text) == unicodedata.normalize(form, text)
    assert normal(form, text * 100) == unicodedata.normalize(form, text * 100) or max(map(unicodedata.combining, text))


def test_more_marks_than_any_letter_has_are_left_out_and_cost_nothing():
    begun = time.process_time()
    # The last one is no mark by itself, and is made of two.
    for marks in ("\u0301" * 60_000 + "\u0323" * 60_000, "\u0323\u0301" * 60_000, "\u0f73\u0f39" * 60_000):
        kept = normal("NFC", f"a{marks}b")
        assert len(kept) < 3 * MAX_MARKS and kept.endswith("b")
    assert time.process_time() - begun < 5
