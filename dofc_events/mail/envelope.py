"""A finished message, as a frozen value: what features hand to the outbox."""

import re
from dataclasses import dataclass
from datetime import datetime

CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")


@dataclass(frozen=True)
class Attachment:
    """A text file that travels with a message; `content_type` with its parameters, e.g. `text/plain; charset=utf-8`."""

    filename: str
    content_type: str
    body: str


@dataclass(frozen=True)
class StoredFile:
    """A file that travels with a message and lies in `files/`, where it is once for however many messages."""

    filename: str
    content_type: str
    content_hash: str


@dataclass(frozen=True)
class Envelope:
    """A rendered message. Raises ValueError for anything that could break out of a header."""

    kind: str
    language: str
    recipient: str
    recipient_name: str
    sender_name: str
    subject: str
    text: str
    html: str
    reply_to: str | None = None
    scope: str = ""
    about: str = ""
    attachments: tuple[Attachment | StoredFile, ...] = ()
    expires_at: datetime | None = None

    def __post_init__(self) -> None:
        for value in (
            self.kind,
            self.recipient,
            self.recipient_name,
            self.sender_name,
            self.subject,
            self.reply_to or "",
        ):
            if CONTROL.search(value):
                raise ValueError(f"control character in a header of a {self.kind} message")
