"""SMTP, through Flask-Mail: one kept connection, with the time limits and verified TLS that Flask-Mail does not set."""

import smtplib
import ssl
from email.utils import parseaddr
from typing import Any

from flask import current_app
from flask_mail import Connection

from dofc_events.extensions import settings
from dofc_events.mail.mime import as_mime
from dofc_events.mail.models import Message
from dofc_events.mail.rules import in_ascii

TIMEOUT = 15
DATA_TIMEOUT = 120


class Unreachable(Exception):
    """The server cannot be reached at the moment; this says nothing about the message."""


class Refused(Exception):
    """This message was refused; whether that is `permanent` decides if it is tried again."""

    def __init__(self, words: str, *, permanent: bool) -> None:
        super().__init__(words)
        self.permanent = permanent


class _PatientData:
    """A server may scan a message for viruses before it says 250 (RFC 5321, section 4.5.3.2.6, allows more).

    Giving up too early means sending the same message again and again.
    """

    def data(self, msg: Any) -> Any:
        self.sock.settimeout(DATA_TIMEOUT)  # type: ignore[attr-defined]
        try:
            return super().data(msg)  # type: ignore[misc]
        finally:
            if self.sock:  # type: ignore[attr-defined]
                self.sock.settimeout(TIMEOUT)  # type: ignore[attr-defined]


class _Smtp(_PatientData, smtplib.SMTP):
    pass


class _SmtpOverTls(_PatientData, smtplib.SMTP_SSL):
    pass


class _Connection(Connection):
    def configure_host(self) -> smtplib.SMTP | smtplib.SMTP_SSL:
        # Reading all authorities of this machine takes longer than sending twenty messages.
        tls = ssl.create_default_context() if self.mail.use_ssl or self.mail.use_tls else None
        host: smtplib.SMTP
        if self.mail.use_ssl:
            host = _SmtpOverTls(self.mail.server, self.mail.port, timeout=TIMEOUT, context=tls)
        else:
            host = _Smtp(self.mail.server, self.mail.port, timeout=TIMEOUT)
        try:
            if self.mail.use_tls:
                host.starttls(context=tls)
            if self.mail.username:
                host.login(self.mail.username, self.mail.password or "")
        except BaseException:
            host.close()
            raise
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
        try:
            sender = in_ascii(parseaddr(settings().mail_default_sender)[1])
            recipient = in_ascii(message.recipient)
            self._host().sendmail(sender, [recipient], as_mime(message, sender, recipient))
        except smtplib.SMTPRecipientsRefused as error:
            code, text = next(iter(error.recipients.values()))
            self._refuse(code, text)
        except (smtplib.SMTPHeloError, smtplib.SMTPSenderRefused) as error:
            # About us and not about the message: once somebody corrects the settings it can be sent.
            self.close()
            raise Unreachable(f"{type(error).__name__}: {error}") from error
        except smtplib.SMTPResponseException as error:
            self._refuse(error.smtp_code, error.smtp_error)
        except (smtplib.SMTPException, OSError) as error:
            self.close()
            raise Unreachable(f"{type(error).__name__}: {error}") from error
        except ValueError as error:
            # It cannot be written as an email at all, for example to an address that is not ASCII.
            raise Refused(f"{type(error).__name__}: {error}", permanent=True) from error

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
        # 530: it wants a login before it takes anything (RFC 4954, section 6). Neither is about this message.
        if code in (421, 530):
            self.close()
            raise Unreachable(f"{code} {words}")
        # RFC 5321, section 4.2.1: codes from 500 on are permanent.
        raise Refused(f"{code} {words}", permanent=code >= 500)
