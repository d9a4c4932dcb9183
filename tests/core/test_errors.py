"""Acts that have to be agreed to first."""

import pytest

from dofc_events.core.errors import NotAgreed, ask_first


def digest_of(*consequences) -> str:
    with pytest.raises(NotAgreed) as asked:
        ask_first("", *consequences)
    assert asked.value.consequences == consequences
    return asked.value.digest


def test_nothing_is_asked_where_nothing_follows():
    ask_first("")
    ask_first("", [], [])
    ask_first("something", [])


def test_exactly_what_was_asked_about_is_agreed_to_in_any_order():
    digest = digest_of(["a"], ["b", "c"])
    assert digest == digest_of([], ["c", "b", "a"]) != digest_of(["a"], ["b"])
    ask_first(digest, ["a"], ["b", "c"])
    with pytest.raises(NotAgreed):
        ask_first(digest, ["a"], ["b"])
