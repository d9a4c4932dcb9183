"""Codes, recovery codes, limits of tries, roles and names: pure decisions."""

from datetime import UTC, date, datetime, timedelta

import pytest
from pyotp import TOTP

from dofc_events.accounts.factors.rules import (
    RECOVERY_CODES,
    Policy,
    RelyingParty,
    app_address,
    is_app_code,
    masked,
    new_app_secret,
    new_recovery_codes,
    next_try,
    plain_code,
    relying_party,
    step_of,
)
from dofc_events.accounts.rules import Grant, RoleName

NOW = datetime(2027, 6, 3, 8, 0, 10, tzinfo=UTC)
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("seconds", "counts"), [(-41, False), (-40, True), (-10, True), (0, True), (49, True), (50, False)]
)
def test_a_code_counts_in_its_step_and_in_those_beside_it(seconds, counts):
    shown = TOTP(SECRET).at(NOW + timedelta(seconds=seconds))
    assert (step_of(SECRET, shown, NOW, 0) is not None) is counts


def test_no_code_counts_whose_step_was_used_or_is_before_it():
    here = step_of(SECRET, TOTP(SECRET).at(NOW), NOW, 0)
    assert here == int(NOW.timestamp()) // 30
    assert step_of(SECRET, TOTP(SECRET).at(NOW), NOW, here) is None
    assert step_of(SECRET, TOTP(SECRET).at(NOW - timedelta(seconds=30)), NOW, here) is None
    assert step_of(SECRET, TOTP(SECRET).at(NOW + timedelta(seconds=30)), NOW, here) == here + 1


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "шест"])
def test_what_is_no_code_is_none(code):
    assert step_of(SECRET, plain_code(code), NOW, 0) is None


@pytest.mark.parametrize("zero", ["٠", "۰", "０", "०"])
def test_a_code_is_typed_in_the_digits_of_any_script(zero):
    shown = TOTP(SECRET).at(NOW)
    typed = plain_code(" ".join(chr(ord(zero) + int(digit)) for digit in shown))
    assert typed == shown and is_app_code(typed)


def test_a_secret_has_as_many_bits_as_apps_take_and_the_address_names_the_account():
    assert len({new_app_secret() for _ in range(3)}) == 3 and len(new_app_secret()) == 32
    address = app_address(SECRET, "ana+a@dofc.test")
    assert address.startswith("otpauth://totp/Days%20of%20Clusters:ana%2Ba%40dofc.test?secret=" + SECRET)


def test_a_masked_secret_is_another_one_with_each_key_and_nonce_and_comes_back():
    secret = bytes(range(20))
    kept = {masked(key, nonce, secret) for key in ("key", "other") for nonce in ("a", "b")}
    assert len(kept) == 4 and secret not in kept
    assert masked("key", "a", masked("key", "a", secret)) == secret


def test_recovery_codes_are_read_as_people_write_them():
    codes = new_recovery_codes()
    assert len({plain_code(code) for code in codes}) == RECOVERY_CODES
    assert all(len(plain_code(code)) == 24 and not is_app_code(plain_code(code)) for code in codes)
    for code in codes:
        assert plain_code(f" {code.lower().replace('0', 'o').replace('1', 'l').replace('-', ' ')} ") == plain_code(code)


@pytest.mark.parametrize(
    ("minutes_ago", "waits"),
    [
        ([], None),
        ([1] * 4, None),
        ([1] * 5, 9),
        ([9, 1, 1, 1, 1], 1),
        ([10, 1, 1, 1, 1], None),
        # All day long, five each time.
        (list(range(60, 80)), 24 * 60 - 79),
        ([1] * 5 + list(range(60, 75)), 24 * 60 - 74),
        ([24 * 60] * 50, None),
    ],
)
def test_wrong_codes_stop_an_app_for_a_while(minutes_ago, waits):
    wrong = [NOW - minutes * MINUTE for minutes in minutes_ago]
    assert next_try(wrong, NOW) == (None if waits is None else NOW + waits * MINUTE)


@pytest.mark.parametrize(
    ("address", "party"),
    [
        ("https://events.example.org", "events.example.org"),
        ("https://events.example.org:8443", "events.example.org"),
        ("http://localhost:8000", "localhost"),
        ("http://dofc.localhost", "dofc.localhost"),
        ("http://events.example.org", None),
        ("http://127.0.0.1:8000", None),
        ("https://192.0.2.1", None),
        ("https://[2001:db8::1]", None),
    ],
)
def test_a_site_asks_for_passkeys_as_the_name_of_its_address(address, party):
    assert relying_party(address) == (RelyingParty(party, address) if party else None)


CHAIR, ORGANISER, DESK = Grant(RoleName.CHAIR), Grant(RoleName.ORGANISER, 1), Grant(RoleName.DESK, 1)


@pytest.mark.parametrize(
    ("policy", "grants", "concerned"),
    [
        (Policy(), [CHAIR, ORGANISER], False),
        (Policy(chair=True), [CHAIR], True),
        (Policy(chair=True), [ORGANISER], False),
        (Policy(organiser=True), [DESK, ORGANISER], True),
        (Policy(chair=True, organiser=True), [DESK], False),
    ],
)
def test_a_policy_concerns_whoever_has_one_of_its_roles(policy, grants, concerned):
    assert policy.concerns(grants) is policy.requires(grants, NOW) is concerned


def test_a_policy_requires_nothing_before_its_first_day():
    midnight = datetime(2027, 6, 4, tzinfo=UTC)
    policy = Policy(chair=True, starts_on=date(2027, 6, 4))
    assert not policy.requires([CHAIR], midnight - timedelta(microseconds=1)) and policy.requires([CHAIR], midnight)
