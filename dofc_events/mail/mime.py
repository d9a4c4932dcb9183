"""A message as the bytes that are sent: always the same, however often it is sent.

All messages have one form, so it is written down here, piece by piece. Python's own generator parses every header
before it writes it, which takes longer than sending the message.
"""

import base64
import binascii
import re
from collections.abc import Iterable
from email.header import Header
from email.utils import encode_rfc2231, format_datetime, quote
from functools import lru_cache

from dofc_events.core import files
from dofc_events.extensions import settings
from dofc_events.mail.models import Message
from dofc_events.mail.rules import in_ascii

NEWLINE = re.compile(r"\r\n|\r|\n")


def as_mime(message: Message, sender: str, recipient: str) -> bytes:
    """The message, from and to these ASCII addresses: ASCII too, and in lines that every server takes (RFC 5322).

    Raises UnicodeEncodeError, a ValueError, if one of the addresses is not ASCII, and FileNotFoundError if a file that
    it refers to is not on the disk.
    """
    key = message.message_id.strip("<>").partition("@")[0]
    alternative = _multipart("alternative", key, [_text("plain", message.text), _text("html", message.html)])
    headers = [
        f"From: {_mailbox('From', message.sender_name, sender)}",
        f"To: {_mailbox('To', message.recipient_name, recipient)}",
        *([f"Reply-To: {in_ascii(message.reply_to)}"] if message.reply_to else []),
        f"Subject: {_subject(message.subject)}",
        f"Date: {format_datetime(message.queued_at)}",
        f"Message-ID: {message.message_id}",
        "Auto-Submitted: auto-generated",
        f"X-DofC-Kind: {message.kind}",
        "MIME-Version: 1.0",
    ]
    mixed = _multipart("mixed", key, [alternative, *(_attached(**each) for each in message.attachments)])
    return "\r\n".join([*headers, mixed]).encode("ascii")


def _multipart(subtype: str, key: str, parts: Iterable[str]) -> str:
    # No encoded text has a "=" before a "_" (RFC 2045, section 6.7), hence no part contains this.
    boundary = f"=_{subtype}_{key}"
    between = "".join(f"--{boundary}\r\n{part}\r\n" for part in parts)
    return f'Content-Type: multipart/{subtype};\r\n boundary="{boundary}"\r\n\r\n{between}--{boundary}--\r\n'


def _text(subtype: str, text: str) -> str:
    lines = NEWLINE.sub("\n", text).encode()
    encoding, body = "quoted-printable", binascii.b2a_qp(lines)
    # It leaves Latin letters readable; most other scripts are shorter in base 64.
    if len(body) > 1.4 * len(lines):
        encoding, body = "base64", base64.encodebytes(lines.replace(b"\n", b"\r\n"))
    return (
        f"Content-Type: text/{subtype}; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n{_in_lines(body)}"
    )


def _attached(filename: str, content_type: str, body: str = "", content_hash: str = "") -> str:
    content = files.read(settings().shared, content_hash) if content_hash else body.encode()
    name = f'filename="{quote(filename)}"' if filename.isascii() else f"filename*={encode_rfc2231(filename, 'utf-8')}"
    return (
        f"Content-Type: {content_type}\r\nContent-Transfer-Encoding: base64\r\n"
        f"Content-Disposition: attachment; {name}\r\n\r\n{_in_lines(base64.encodebytes(content))}"
    )


def _in_lines(encoded: bytes) -> str:
    return encoded.decode().replace("\n", "\r\n")


def _mailbox(header: str, name: str, address: str) -> str:
    # A name is always encoded: so nothing in it can be taken for a part of the address.
    return f"{_words(header, name, 'utf-8')}\r\n <{address}>" if name else address


def _subject(text: str) -> str:
    # Text that only looks encoded must not be decoded.
    return _words("Subject", text, "us-ascii" if text.isascii() and "=?" not in text else "utf-8")


@lru_cache(maxsize=100)
def _words(header: str, text: str, charset: str) -> str:
    return Header(text, charset, header_name=header).encode(linesep="\r\n")
