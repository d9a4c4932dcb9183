"""SMTP, through Flask-Mail: one kept connection, with the time limits and verified TLS that Flask-Mail does not set."""

import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import parseaddr
from typing import Any

from flask import current_app
from flask_mail import Connection

from dofc_events.extensions import settings
from dofc_events.mail.mime import as_mime
from dofc_events.mail.models import Message
from dofc_events.mail.rules import in_ascii

# In seconds. A server under load, or one that looks into lists of senders first, may be silent for minutes before its
# greeting and each answer, and looks through a message for viruses before it says 250 (RFC 5321, section 4.5.3.2).
# Whoever gives up sooner sends nothing at all, or the same message again and again.
CONNECT_TIMEOUT = 30
TIMEOUT = 300
DATA_TIMEOUT = 600
# For what costs a server nothing: whether a kept connection still stands, and goodbye.
SHORT_TIMEOUT = 15

# "Message size exceeds fixed maximum" (RFC 1870, section 6.1): said of a sender, and meant for the message.
TOO_LARGE = 552


class Unreachable(Exception):
    """The server cannot be spoken to just now. That says nothing about the message.

    With `while_sending` it may do so all the same, if it comes again with this message and with no other.
    """

    def __init__(self, words: str, *, while_sending: bool = False) -> None:
        super().__init__(words)
        self.while_sending = while_sending


class Refused(Exception):
    """This message was refused; whether that is `permanent` decides if it is tried again."""

    def __init__(self, words: str, *, permanent: bool) -> None:
        super().__init__(words)
        self.permanent = permanent


class _Patient:
    """How long which answer may take."""

    def _get_socket(self, host: Any, port: Any, timeout: Any) -> Any:
        connected: socket.socket = super()._get_socket(host, port, CONNECT_TIMEOUT)  # type: ignore[misc]
        connected.settimeout(TIMEOUT)
        return connected

    def data(self, msg: Any) -> Any:
        with self._within(DATA_TIMEOUT):
            return super().data(msg)  # type: ignore[misc]

    def noop(self) -> Any:
        with self._within(SHORT_TIMEOUT):
            return super().noop()  # type: ignore[misc]

    def quit(self) -> Any:
        with self._within(SHORT_TIMEOUT):
            return super().quit()  # type: ignore[misc]

    @contextmanager
    def _within(self, seconds: float) -> Iterator[None]:
        self._set_timeout(seconds)
        try:
            yield
        finally:
            self._set_timeout(TIMEOUT)

    def _set_timeout(self, seconds: float) -> None:
        # None once the connection is closed.
        if self.sock:  # type: ignore[attr-defined]
            self.sock.settimeout(seconds)  # type: ignore[attr-defined]


class _Smtp(_Patient, smtplib.SMTP):
    pass


class _SmtpOverTls(_Patient, smtplib.SMTP_SSL):
    pass


class _Connection(Connection):
    def configure_host(self) -> smtplib.SMTP | smtplib.SMTP_SSL:
        # Reading all authorities of this machine takes longer than sending twenty messages.
        tls = ssl.create_default_context() if self.mail.use_ssl or self.mail.use_tls else None
        host: smtplib.SMTP
        if self.mail.use_ssl:
            host = _SmtpOverTls(self.mail.server, self.mail.port, timeout=CONNECT_TIMEOUT, context=tls)
        else:
            host = _Smtp(self.mail.server, self.mail.port, timeout=CONNECT_TIMEOUT)
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
        # How many messages the connection has carried.
        self._carried = 0

    def connect(self) -> None:
        """Make sure that there is a connection that answers. Raises Unreachable."""
        if self._connection is not None:
            try:
                if self._host().noop()[0] == 250:
                    return
            except (smtplib.SMTPException, OSError):
                pass
            self.close()
        connection = _Connection(current_app.extensions["mail"])
        try:
            self._connection, self._carried = connection.__enter__(), 0
        except Exception as error:
            # Whatever it is, a challenge that cannot be decoded or a name that is none: no message is to blame.
            raise Unreachable(f"{type(error).__name__}: {error}") from error

    def send(self, message: Message) -> None:
        """Hand a message over; returns once the server has said 250. Raises Refused or Unreachable.

        Some servers end a connection after a number of messages: then it is tried over a new one at once.
        """
        try:
            self._send(message)
        except Unreachable as error:
            if not self._carried or isinstance(error.__cause__, TimeoutError):
                raise
            self.close()
            self._send(message)
        self._carried += 1

    def _send(self, message: Message) -> None:
        if self._connection is None:
            self.connect()
        try:
            sender = in_ascii(parseaddr(settings().mail_default_sender)[1])
            recipient = in_ascii(message.recipient)
            self._host().sendmail(sender, [recipient], as_mime(message, sender, recipient))
        except smtplib.SMTPRecipientsRefused as error:
            code, text = next(iter(error.recipients.values()))
            self._refuse(code, text)
        except smtplib.SMTPHeloError as error:
            # About us and not about the message: somebody has to put the settings right, and then it may go.
            self.close()
            raise Unreachable(f"{type(error).__name__}: {error}") from error
        except smtplib.SMTPSenderRefused as error:
            if error.smtp_code == TOO_LARGE:
                self._refuse(error.smtp_code, error.smtp_error)
            # The sender is always the same one: most likely about us, too.
            self.close()
            raise Unreachable(f"{type(error).__name__}: {error}", while_sending=True) from error
        except smtplib.SMTPResponseException as error:
            self._refuse(error.smtp_code, error.smtp_error)
        except (smtplib.SMTPException, OSError) as error:
            self.close()
            raise Unreachable(f"{type(error).__name__}: {error}", while_sending=True) from error
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
            raise Unreachable(f"{code} {words}", while_sending=code == 421)
        # RFC 5321, section 4.2.1: codes from 500 on are permanent.
        raise Refused(f"{code} {words}", permanent=code >= 500)
