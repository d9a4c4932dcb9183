"""References that can be read aloud; links that cannot be made up."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dofc_events.core.references import hash_secret, locked, new_reference, new_secret, read_token, sign, unlocked

KEY = ["a secret that is good enough for tests"]


def test_references_are_easy_to_dictate_and_do_not_repeat():
    made = {new_reference() for _ in range(2000)}
    assert len(made) == 2000
    assert all(re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}", reference) for reference in made)


def test_secrets_fit_into_an_address_and_do_not_repeat():
    made = {new_secret() for _ in range(1000)}
    assert len(made) == 1000
    assert all(re.fullmatch(r"[\w-]{32}", secret) for secret in made)


def test_hash_secret_does_not_show_the_secret():
    assert hash_secret("x") == hash_secret("x") != hash_secret("y")
    assert re.fullmatch(r"[0-9a-f]{64}", hash_secret("x"))


@given(st.from_regex(r"[0-9A-Z]{4}-[0-9A-Z]{4}", fullmatch=True), st.integers(1, 10**6))
def test_read_token_finds_what_sign_wrote(subject, version):
    token = sign(KEY, "registration", subject, version)
    assert read_token(KEY, "registration", token) == (subject, version)
    assert token == sign(KEY, "registration", subject, version), "the same link can be mailed again"
    assert re.fullmatch(r"[\w.-]+", token), "and needs no quoting in an address"


@pytest.mark.parametrize(
    "token",
    [
        sign(KEY, "ballot", "7KX9-Q2MB", 1),
        sign(["another secret of the same length"], "registration", "7KX9-Q2MB", 1),
        sign(KEY, "registration", "7KX9-Q2MB", 1)[:-1],
        sign(KEY, "registration", "7KX9-Q2MB", 1).replace(".1.", ".2."),
        sign(KEY, "registration", "7KX9-Q2MB", 1).lower(),
        "7KX9-Q2MB.1",
        "7KX9-Q2MB.1.",
        "",
        ".",
        "💥",
        "\x00",
    ],
)
def test_read_token_refuses_what_was_not_signed_for_it(token):
    assert read_token(KEY, "registration", token) is None


@given(st.text(max_size=60))
def test_read_token_survives_anything(token):
    assert read_token(KEY, "registration", token) is None


def test_what_an_earlier_key_signed_is_read_as_long_as_the_key_is_kept():
    before = sign(KEY, "registration", "7KX9-Q2MB", 1)
    keys = [*KEY, "the key that came after it"]
    assert read_token(keys, "registration", before) == ("7KX9-Q2MB", 1)
    assert sign(keys, "registration", "7KX9-Q2MB", 1) == sign(keys[1:], "registration", "7KX9-Q2MB", 1) != before
    assert read_token(keys[1:], "registration", before) is None


def test_a_locked_secret_opens_with_the_key_that_locked_it_and_no_other():
    secret = "ab" * 32
    stored = locked(["old", "new"], "p", secret)
    assert secret not in stored and stored != locked(["old", "new"], "p", secret)
    assert unlocked(["new"], "p", stored) == unlocked(["new", "newer"], "p", stored) == secret
    assert unlocked(["old"], "p", stored) is None
    assert unlocked(["new"], "q", stored) is None
