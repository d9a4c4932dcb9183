"""A real mail server on this machine that behaves as badly as it is told to."""

import asyncio
import socketserver
import ssl
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from pathlib import Path
from typing import Any, Literal

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

Tls = Literal["starttls", "implicit"]


@dataclass
class MailServer:
    """Collects what is delivered to it.

    `refuse` answers recipients with a reply such as `"550 5.1.1 nobody here"`; `refuse_all` answers everybody.
    `largest` is how many bytes it takes, which it says to who asks. A connection carries `carries` messages, if set.
    `delay` is waited before a message is accepted, in seconds. `drop` is how many messages more the server takes in
    full and then hangs up on, before its 250: they land in `dropped`, and were not delivered; so do all messages to
    `poison`. `peers` has one entry per connection, `carried` how often each was asked to carry something. With `tls`
    the server's certificate comes from an authority of its own, in `authority`; a client trusts it through
    SSL_CERT_FILE. With `login` nobody delivers without that name and password.
    """

    directory: Path
    tls: Tls | None = None
    login: tuple[str, str] | None = None
    refuse: dict[str, str] = field(default_factory=dict)
    refuse_all: str = ""
    refuse_sender: str = ""
    largest: int | None = None
    carries: int = 0
    poison: str = ""
    delay: float = 0.0
    drop: int = 0
    host: str = "127.0.0.1"
    port: int = 0
    peers: set[str] = field(default_factory=set)
    carried: Counter[str] = field(default_factory=Counter)
    envelopes: list[Envelope] = field(default_factory=list)
    dropped: list[EmailMessage] = field(default_factory=list)
    _controller: Controller | None = None
    _context: ssl.SSLContext | None = None

    @property
    def messages(self) -> list[EmailMessage]:
        """What was delivered, parsed, in the order in which it came."""
        return [_parsed(envelope) for envelope in self.envelopes]

    def messages_to(self, address: str) -> list[EmailMessage]:
        """What was delivered to one address, as the envelope names it."""
        return [_parsed(envelope) for envelope in self.envelopes if address in envelope.rcpt_tos]

    def kinds(self) -> dict[str, list[str]]:
        """Of which kinds the messages to each address are; the head alone is read, where there are many."""
        found: dict[str, list[str]] = {}
        for envelope in self.envelopes:
            kind = BytesHeaderParser().parsebytes(_content(envelope))["X-DofC-Kind"]
            for address in envelope.rcpt_tos:
                found.setdefault(address, []).append(kind)
        return found

    def wait_for(self, count: int, seconds: float = 20.0) -> list[EmailMessage]:
        """Wait until `count` messages are there; fails if they do not come in time, or if more came."""
        until = time.monotonic() + seconds
        while len(self.envelopes) < count and time.monotonic() < until:
            time.sleep(0.02)
        assert len(self.envelopes) == count, f"{len(self.envelopes)} messages after {seconds} s, not {count}"
        return self.messages

    @property
    def authority(self) -> Path:
        """The certificate of the authority that signed the server's."""
        return self.directory / "authority.pem"

    def environment(self) -> dict[str, str]:
        """The environment variables that make a site deliver here."""
        values = {
            "MAIL_SERVER": self.host,
            "MAIL_PORT": str(self.port),
            "MAIL_USE_TLS": "true" if self.tls == "starttls" else "false",
            "MAIL_USE_SSL": "true" if self.tls == "implicit" else "false",
            "MAIL_DEFAULT_SENDER": "Days of Clusters <registration@dofc.test>",
        }
        if self.login:
            values |= {"MAIL_USERNAME": self.login[0], "MAIL_PASSWORD": self.login[1]}
        if self.tls:
            values |= {"SSL_CERT_FILE": str(self.authority)}
        return values

    def settings(self) -> dict[str, Any]:
        """The same as changes to `Settings`. SSL_CERT_FILE is for the test to set."""
        return {
            "mail_server": self.host,
            "mail_port": self.port,
            "mail_use_tls": self.tls == "starttls",
            "mail_use_ssl": self.tls == "implicit",
            "mail_username": self.login[0] if self.login else None,
            "mail_password": self.login[1] if self.login else None,
            "mail_default_sender": "Days of Clusters <registration@dofc.test>",
        }

    def start(self) -> None:
        """Listen; after a stop on the same port as before."""
        if self.tls and self._context is None:
            self._context = self._certified()
        self._controller = _Controller(
            _Handler(self),
            hostname=self.host,
            port=self.port,
            ssl_context=self._context if self.tls == "implicit" else None,
            tls_context=self._context if self.tls == "starttls" else None,
            require_starttls=self.tls == "starttls",
            authenticator=self._authenticate if self.login else None,
            auth_required=self.login is not None,
            # aiosmtpd knows only STARTTLS as a reason to allow a password; on implicit TLS and on loopback it is fine.
            auth_require_tls=False,
            enable_SMTPUTF8=True,
            data_size_limit=self.largest,
        )
        self._controller.start()
        self.port = self._controller.port

    def stop(self) -> None:
        """Be unreachable."""
        controller, self._controller = self._controller, None
        if controller is not None:
            controller.stop()

    def _authenticate(self, server: SMTP, session: Session, envelope: Envelope, how: str, data: Any) -> AuthResult:
        given = (data.login.decode(), data.password.decode()) if isinstance(data, LoginPassword) else None
        return AuthResult(success=given == self.login, handled=False)

    def _certified(self) -> ssl.SSLContext:
        authority = trustme.CA()
        authority.cert_pem.write_to_path(str(self.authority))
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert(self.host, "localhost").configure_cert(context)
        return context


class _Controller(Controller):
    """aiosmtpd's, but it may be told port 0 and then connects to the port it really got."""

    def _trigger_server(self) -> None:
        assert isinstance(self.server, asyncio.Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


class _Handler:
    def __init__(self, server: MailServer) -> None:
        self.server = server

    async def handle_EHLO(
        self, smtp: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        self.server.peers.add(str(session.peer))
        return responses

    async def handle_MAIL(
        self, smtp: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.server.carried[str(session.peer)] += 1
        if 0 < self.server.carries < self.server.carried[str(session.peer)]:
            return "421 4.7.0 enough for one connection"
        if self.server.refuse_sender:
            return self.server.refuse_sender
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(
        self, smtp: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        refusal = self.server.refuse.get(address) or self.server.refuse_all
        if refusal:
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, smtp: SMTP, session: Session, envelope: Envelope) -> str:
        if self.server.delay:
            await asyncio.sleep(self.server.delay)
        if self.server.drop > 0 or self.server.poison in envelope.rcpt_tos:
            self.server.drop = max(0, self.server.drop - 1)
            self.server.dropped.append(_parsed(envelope))
            assert isinstance(smtp.transport, asyncio.Transport)
            smtp.transport.abort()
            raise ConnectionResetError
        self.server.envelopes.append(envelope)
        return "250 OK"


@contextmanager
def scripted_server(answers: dict[str, str], *, greeting_after: float = 0.0) -> Iterator[int]:
    """A server that says nothing but these answers, by the command's first word; yields its port.

    What it has no answer for ends the connection.
    """

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            time.sleep(greeting_after)
            self.wfile.write(b"220 dofc.test\r\n")
            while words := self.rfile.readline().split():
                answer = answers.get(words[0].decode().upper())
                if answer is None:
                    return
                self.wfile.write(f"{answer}\r\n".encode())

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join(5)


def _parsed(envelope: Envelope) -> EmailMessage:
    message = message_from_bytes(_content(envelope), policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def _content(envelope: Envelope) -> bytes:
    return envelope.content if isinstance(envelope.content, bytes) else str(envelope.content).encode()
