"""A message as bytes: any text comes out as it went in, and every line is one that servers take."""

from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dofc_events.mail.mime import as_mime
from dofc_events.mail.models import Message
from tests.support.factories import NOW

ICS = "BEGIN:VCALENDAR\r\nX:ж\r\nEND:VCALENDAR\r\n"


def message(**changes) -> Message:
    values = {
        "message_id": "<3b1f@dofc.test>",
        "kind": "registration-confirmed",
        "sender_name": "Days of Clusters 2027",
        "reply_to": None,
        "recipient_name": "Ana Kovač",
        "subject": "Your place is confirmed",
        "text": "You need not do anything more.\n",
        "html": "<p>You need not do anything more.</p>",
        "attachments": [],
        "queued_at": NOW,
    }
    return Message(**(values | changes))


def read(written: bytes) -> EmailMessage:
    mail = message_from_bytes(written, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    assert [part.defects for part in mail.walk() if part.defects] == []
    return mail


def written(**changes) -> bytes:
    return as_mime(message(**changes), "registration@dofc.test", "ana@dofc.test")


texts = st.text(st.characters(codec="utf-8"))


def plain_lines(text: str) -> str:
    """Mail has one kind of line ending."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


@given(texts, texts)
@example("a\rb\r\nc\nd", ".\n..\n--=_mixed_3b1f\n--=_alternative_3b1f--\nFrom here")
@example("ends with spaces  \t \n\n", "ж" * 200)
@example("x" * 2000, "=" * 100)
def test_text_of_any_kind_arrives_as_it_was(text, html):
    mail = read(written(text=text, html=html, attachments=[_attachment("a.ics")]))
    plain, rich, calendar = (part for part in mail.walk() if not part.is_multipart())
    assert plain_lines(plain.get_content()) == plain_lines(text)
    assert plain_lines(rich.get_content()) == plain_lines(html)
    assert calendar.get_content() == ICS


@given(texts, texts, st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), max_size=300))
@example("x" * 2000, "ж" * 2000, "Ж" * 300)
@example("", "", "word " * 60)
def test_every_line_is_short_and_ascii(text, html, words):
    raw = written(text=text, html=html, subject=words, recipient_name=words[:200], sender_name=words[:200])
    assert raw.isascii()
    lines = raw.split(b"\r\n")
    assert not any(b"\r" in line or b"\n" in line for line in lines), "one kind of line ending"
    # RFC 5322, section 2.1.1, but for what has no place to be folded.
    assert max(len(line) for line in lines if b" " in line.strip()) <= 78


@pytest.mark.parametrize(
    "subject", ["=?utf-8?q?not_encoded?=", "Вашето място е потвърдено", "a, b; c " * 30, "名" * 300, ""]
)
def test_a_subject_is_shown_as_it_was_written(subject):
    assert str(read(written(subject=subject))["Subject"]).strip() == subject.strip()


@pytest.mark.parametrize("name", ["a.ics", 'a "b" \\c.ics', "дани.ics"])
def test_an_attachment_keeps_its_name_and_type(name):
    mail = read(written(attachments=[_attachment(name)]))
    [calendar] = mail.iter_attachments()
    assert (calendar.get_filename(), calendar.get_content_type()) == (name, "text/calendar")
    assert calendar.get_param("charset") == "utf-8"


def test_a_message_is_the_same_however_often_it_is_written():
    assert written() == written()


def test_no_boundary_begins_with_another():
    """A reader may take a line that only begins with a boundary for one (RFC 2046, section 5.1.1)."""
    mail = read(written())
    outer, inner = (part.get_boundary() for part in mail.walk() if part.is_multipart())
    assert not inner.startswith(outer)


@pytest.mark.parametrize("address", ["josé@dofc.test", "josé@дани.test"])
def test_an_address_that_is_not_ascii_cannot_be_written(address):
    with pytest.raises(UnicodeEncodeError):
        as_mime(message(), "registration@dofc.test", address)


def test_a_domain_of_any_script_is_written_in_ascii():
    assert read(written(reply_to="host@дани.срб"))["Reply-To"] == "host@xn--80ahnt.xn--90a3ac"


def _attachment(filename: str) -> dict[str, str]:
    return {"filename": filename, "content_type": "text/calendar; charset=utf-8", "body": ICS}
