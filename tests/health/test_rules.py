"""What anyone may read of a mail server's answer."""

import pytest

from dofc_events.health.rules import FAILING, SENTENCES, Trouble, for_everybody


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        ("Connection refused", "Connection refused"),
        ("421 try again later", "421 try again later"),
        ("550 <ana@dofc.test> is not welcome", "550 … is not welcome"),
        ("421 see https://dofc.test/registrations/SECRET.1/ please", "421 see … please"),
        ("554 client host [192.0.2.7] blocked", "554 client host … blocked"),
        ("554 2001:db8::1 blocked", "554 … blocked"),
        ("x " * 500, ("x " * 500)[:200]),
        (None, None),
    ],
)
def test_answers_are_shown_without_addresses(answer, shown):
    assert for_everybody(answer) == shown


def test_every_trouble_has_its_sentence():
    assert set(SENTENCES) == set(Trouble) >= FAILING
