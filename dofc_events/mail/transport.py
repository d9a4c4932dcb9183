"""SMTP, through Flask-Mail: one kept connection, with the time limits and verified TLS that Flask-Mail does not set."""

import smtplib
import ssl
from email.utils import parseaddr

from flask import current_app
from flask_mail import Attachment, Connection
from flask_mail import Message as MailMessage

from dofc_events.extensions import settings
from dofc_events.mail.models import Message

TIMEOUT = 15


class Unreachable(Exception):
    """The server cannot be spoken to just now; it says nothing about the message."""


class Refused(Exception):
    """The server refused this message. `permanent` as in RFC 5321, section 4.2.1: 5yz codes."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"{code} {text}")
        self.permanent = code >= 500


class _Connection(Connection):
    def configure_host(self) -> smtplib.SMTP | smtplib.SMTP_SSL:
        tls = ssl.create_default_context()
        host: smtplib.SMTP
        if self.mail.use_ssl:
            host = smtplib.SMTP_SSL(self.mail.server, self.mail.port, timeout=TIMEOUT, context=tls)
        else:
            host = smtplib.SMTP(self.mail.server, self.mail.port, timeout=TIMEOUT)
        if self.mail.use_tls:
            host.starttls(context=tls)
        if self.mail.username:
            host.login(self.mail.username, self.mail.password or "")
        return host


class Transport:
    """Sends messages over one connection, which is opened when first needed and kept until it breaks."""

    def __init__(self) -> None:
        self._connection: _Connection | None = None

    def connect(self) -> None:
        """Make sure that there is a connection that answers. Raises Unreachable."""
        if self._connection is not None:
            try:
                self._host().noop()
                return
            except (smtplib.SMTPException, OSError):
                self.close()
        connection = _Connection(current_app.extensions["mail"])
        try:
            self._connection = connection.__enter__()
        except (smtplib.SMTPException, OSError) as error:
            raise Unreachable(f"{type(error).__name__}: {error}") from error

    def send(self, message: Message) -> None:
        """Hand a message over; returns once the server has said 250. Raises Refused or Unreachable."""
        if self._connection is None:
            self.connect()
        assert self._connection is not None
        try:
            self._connection.send(_mime(message))
        except smtplib.SMTPRecipientsRefused as error:
            code, text = next(iter(error.recipients.values()))
            self._refuse(code, text)
        except smtplib.SMTPResponseException as error:
            self._refuse(error.smtp_code, error.smtp_error)
        except (smtplib.SMTPException, OSError) as error:
            self.close()
            raise Unreachable(f"{type(error).__name__}: {error}") from error

    def close(self) -> None:
        """Say goodbye; a server that is gone already does not matter."""
        connection, self._connection = self._connection, None
        if connection is not None and connection.host is not None:
            try:
                connection.host.quit()
            except (smtplib.SMTPException, OSError):
                connection.host.close()

    def _host(self) -> smtplib.SMTP:
        assert self._connection is not None and self._connection.host is not None
        return self._connection.host

    def _refuse(self, code: int, text: bytes | str) -> None:
        words = text.decode(errors="replace") if isinstance(text, bytes) else text
        # 421: the server closes the connection and would take the message later (RFC 5321, section 3.8).
        if code == 421:
            self.close()
            raise Unreachable(f"421 {words}")
        raise Refused(code, words)


def _mime(message: Message) -> MailMessage:
    mime = MailMessage(
        subject=message.subject,
        sender=_named(message.sender_name, parseaddr(settings().mail_default_sender)[1]),
        recipients=[_named(message.recipient_name, message.recipient)],
        reply_to=message.reply_to,
        body=message.text,
        html=message.html,
        date=message.queued_at.timestamp(),
        extra_headers={"Auto-Submitted": "auto-generated", "X-DofC-Kind": message.kind},
        attachments=[Attachment(a["filename"], a["content_type"], a["body"].encode()) for a in message.attachments],
    )
    mime.msgId = message.message_id
    return mime


def _named(name: str, address: str) -> str:
    """`"Name" <address>`; Flask-Mail joins the two without quotes, and a comma in a name would make two addresses."""
    quoted = name.replace("\\", "").replace('"', "'")
    return f'"{quoted}" <{address}>' if quoted else address
