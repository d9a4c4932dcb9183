"""Pure decisions about messages."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dofc_events.mail.rules import RETRY_AFTER, address_key, deliverable, greeted, mailbox_key, retry_at

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ana@example.org", "ANA@Example.ORG"),
        ("ana@example.org", "  ana@example.org\n"),
        # The four letters i of Turkish keyboards.
        ("ipek@example.org", "İPEK@example.org"),
        ("ipek@example.org", "ıpek@example.org"),
        ("ipek@example.org", "I\u0307PEK@example.org"),
        ("ali@example.org", "ALİ@EXAMPLE.ORG"),
        # Full case folding, Unicode CaseFolding.txt.
        ("strasse@example.org", "straße@example.org"),
        ("ΟΔΟΣ@example.org", "οδος@example.org"),
        # Compatibility: full-width letters and the sign @ of East Asian keyboards, ligatures.
        ("ana@example.org", "ａｎａ@example.org"),
        ("ana@example.org", "ana＠example.org"),
        ("office@example.org", "oﬃce@example.org"),
        # Composed and decomposed.
        ("jos\u00e9@example.org", "jose\u0301@example.org"),
        # IDNA 2008: the domain's two forms.
        ("ana@пример.срб", "ana@xn--e1afmkfd.xn--90a3ac"),
        ("ana@ПРИМЕР.СРБ", "ana@пример.срб"),
        ("ana@faß.de", "ana@xn--fa-hia.de"),
        ("ana@example.org", "ana@example。org"),
    ],
)
def test_address_key_is_the_same_when_people_mean_the_same_mailbox(one, other):
    assert address_key(one) == address_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ana@example.org", "anna@example.org"),
        ("ana@example.org", "ana@example.com"),
        ("ana.k@example.org", "anak@example.org"),
        ("ana+dofc@example.org", "ana@example.org"),
        ("ana@example.org", "аna@example.org"),
        ("ana@faß.de", "ana@fass.de"),
        ("jose@example.org", "josé@example.org"),
        ("a@b@example.org", "ab@example.org"),
    ],
)
def test_address_key_differs_when_mailboxes_do(one, other):
    assert address_key(one) != address_key(other)


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("Ana+12@Example.org", "ana@example.org"),
        ("ana+a+b@example.org", "ana@example.org"),
        ("ana@example.org", "ana@example.org"),
        ("+ana@example.org", "+ana@example.org"),
        ("ana@a+b.example", "ana@a+b.example"),
    ],
)
def test_limits_count_what_follows_a_plus_as_the_same_mailbox(address, key):
    assert mailbox_key(address) == key


def test_nobody_is_greeted_by_a_whole_message():
    assert greeted("Łucja Öztürk") == "Łucja Öztürk" and greeted("ž" * 40) == "ž" * 40
    assert greeted("Maria das Dores de Jesus e Silva do Espírito Santo") == "Maria das Dores de Jesus e Silva do…"
    assert greeted("ž" * 41) == "ž" * 39 + "…"


addresses = st.builds(lambda local, domain: f"{local}@{domain}", st.text(max_size=30), st.text(max_size=30))


@given(addresses | st.text(max_size=60) | st.emails())
@example("ᾳ\u0345@example.org")
@example("\u00a8@example.org")
@example("I\u0323\u0307@example.org")
@example("a@exa_mple.org")
@example("a@\u1e9e_.org")
def test_address_key_of_a_key_is_the_key(address):
    assert address_key(address_key(address)) == address_key(address)


@given(st.emails())
def test_address_key_does_not_depend_on_case(address):
    assert address_key(address.upper()) == address_key(address) == address_key(address.lower())


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("Ana.K@Example.org", "Ana.K@example.org"),
        ("ana@пример.срб", "ana@xn--e1afmkfd.xn--90a3ac"),
        ("ana@한국.kr", "ana@xn--3e0b707e.kr"),
    ],
)
def test_deliverable_keeps_the_mailbox_and_writes_the_domain_as_servers_do(address, expected):
    assert deliverable(address) == expected


def test_retry_at_climbs_the_ladder_and_then_gives_up():
    waits = []
    refusals = 1
    while (again := retry_at(refusals, NOW)) is not None:
        waits.append(again - NOW)
        refusals += 1
    minutes = [wait / timedelta(minutes=1) for wait in waits]
    assert minutes == [1, 5, 15, 60, 3 * 60, *[4 * 60] * 26]
    assert retry_at(len(RETRY_AFTER) + 1, NOW) is None
