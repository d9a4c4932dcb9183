"""A finished message: nothing in it breaks out of a header."""

import pytest

from tests.mail.letters import letter

HEADERS = ("kind", "recipient", "recipient_name", "sender_name", "subject", "reply_to")
BREAKS = ("\n", "\r", "\r\n", "\x00", "\x0b", "\x0c", "\x1c", "\x1f", "\x7f", "\x85", "\u2028", "\u2029")


@pytest.mark.parametrize("field", HEADERS)
@pytest.mark.parametrize("character", BREAKS)
def test_a_control_character_is_refused_in_every_header(field, character):
    with pytest.raises(ValueError, match="control character"):
        letter(**{field: f"Ana{character}Bcc: everybody@dofc.test"})


@pytest.mark.parametrize("text", ["Ana Kovač", "김민준", "Драган", "a\u200db", "👩‍🔬", ""])
def test_any_other_text_is_fine(text):
    assert letter(recipient_name=text, subject=text).subject == text


def test_text_and_html_may_have_lines():
    assert letter(text="a\nb\tc", html="<p>\n</p>").text == "a\nb\tc"
