"""SMTP as the server sees it: who is spoken to, what arrives, and what each answer means."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email import policy
from email.headerregistry import Address
from email.parser import BytesParser

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from dofc_events.core.clock import now
from dofc_events.mail import transport as transport_module
from dofc_events.mail.envelope import Attachment
from dofc_events.mail.mime import as_mime
from dofc_events.mail.outbox import message_of
from dofc_events.mail.transport import Refused, Transport, Unreachable
from tests.mail.letters import letter
from tests.support.smtp import scripted_server

pytestmark = pytest.mark.databases("sqlite")

NAMES = [
    "Ana Kovač",
    "Kovač, Ana",
    'Ana "Ani" Kovač',
    "Ana (Ministry of Economy; Dept. 3)",
    "Драган Петровић",
    "김민준",
    "Ștefan Țăranu, Cluster Carpați",
    "O'Neill <ceo@elsewhere.test>",
    "ana@dofc.test",
    "Group: a, b;",
    "Back\\slash",
    "=?utf-8?q?not_encoded?=",
    "Драган" * 30,
    "Maria Fernanda da Conceição " * 7,
    "名" * 200,
    "",
]


@pytest.fixture
def post(make_app):
    """`post(server, recipient="…")`: a letter goes through the outbox and a transport; returns the stored message."""
    open_transports = []

    def send(server, transport: Transport | None = None, **changes):
        app = make_app(**server.settings())
        with app.app_context():
            message = _stored(letter(**changes))
            transport = transport or Transport()
            open_transports.append((app, transport))
            transport.send(message)
        return message

    yield send
    for app, transport in open_transports:
        with app.app_context():
            transport.close()


def _stored(envelope):
    """As it comes out of the outbox, without a database."""
    return message_of(envelope, now())


def test_a_message_arrives_as_it_was_written(smtp, post):
    stored = post(
        smtp,
        recipient="ana@dofc.test",
        subject="Вашето място е потвърдено: 한국",
        text="Добре дошли.\n",
        html="<p>Добре дошли.</p>",
        reply_to="host@dofc.test",
        attachments=(
            Attachment("a.ics", "text/calendar; charset=utf-8", "BEGIN:VCALENDAR\r\nX:ж\r\nEND:VCALENDAR\r\n"),
        ),
    )
    (mail,) = smtp.messages
    assert mail["Message-ID"] == stored.message_id
    assert mail["Subject"] == "Вашето място е потвърдено: 한국"
    assert mail["To"].addresses == (Address("Ana Kovač", addr_spec="ana@dofc.test"),)
    assert mail["From"].addresses == (Address("Days of Clusters 2027", addr_spec="registration@dofc.test"),)
    assert mail["Reply-To"] == "host@dofc.test"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["X-DofC-Kind"] == "registration-confirmed"
    assert abs(mail["Date"].datetime - stored.queued_at).total_seconds() < 1
    structure = [part.get_content_type() for part in mail.walk()]
    assert structure == ["multipart/mixed", "multipart/alternative", "text/plain", "text/html", "text/calendar"]
    plain, html, calendar = (part for part in mail.walk() if not part.is_multipart())
    assert plain.get_content().strip() == "Добре дошли."
    assert html.get_content().strip() == "<p>Добре дошли.</p>"
    assert calendar.get_content() == "BEGIN:VCALENDAR\r\nX:ж\r\nEND:VCALENDAR\r\n"
    assert (calendar.get_filename(), calendar.get_param("charset")) == ("a.ics", "utf-8")
    (envelope,) = smtp.envelopes
    assert (envelope.mail_from, envelope.rcpt_tos) == ("registration@dofc.test", ["ana@dofc.test"])


def test_every_line_is_short_and_plain_ascii(smtp, post):
    """8-bit text and lines over 998 octets may be refused or broken on the way: RFC 5321, section 4.5.3.1.6."""
    post(smtp, text="ж" * 3000, html=f"<p>{'한' * 3000}</p>", recipient_name="Ж" * 200, subject="Ж" * 300)
    raw = smtp.envelopes[0].content
    assert max(map(len, raw.split(b"\r\n"))) < 200
    assert raw.isascii()
    assert smtp.messages[0].get_body(("plain",)).get_content().strip() == "ж" * 3000


def test_a_second_delivery_carries_the_same_message_id_and_date(smtp, post, make_app):
    stored = post(smtp)
    with make_app(**smtp.settings()).app_context():
        again = Transport()
        again.send(stored)
        again.close()
    first, second = smtp.wait_for(2)
    assert first["Message-ID"] == second["Message-ID"] == stored.message_id
    assert first["Date"] == second["Date"]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_of_any_kind_is_one_name_at_one_address(smtp, post, name):
    post(smtp, recipient_name=name, sender_name=name)
    _check_names(smtp.messages[0], name)
    assert smtp.envelopes[0].rcpt_tos == ["Ana@dofc.test"]


letters_of_all_scripts = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=60)


@given(letters_of_all_scripts)
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@example('\\"')
@example("'")
@example("\xa0")
def test_no_name_breaks_out_of_its_header(app, name):
    with app.app_context():
        message = _stored(letter(recipient_name=" ".join(name.split()), sender_name=" ".join(name.split())))
        mail = BytesParser(policy=policy.default).parsebytes(
            as_mime(message, "registration@localhost", "Ana@dofc.test")
        )
    _check_names(mail, " ".join(name.split()), sender="registration@localhost")


def _check_names(mail, name: str, sender: str = "registration@dofc.test") -> None:
    """One address in each header, under the name."""
    for header, address in (("To", "Ana@dofc.test"), ("From", sender)):
        (found,) = mail[header].addresses
        assert found.addr_spec == address
        assert "".join(found.display_name.split()) == "".join(name.split())
    assert mail["Subject"] == "Your place is confirmed"
    assert set(mail.keys()) == {
        "Content-Type", "MIME-Version", "Subject", "From", "To", "Date", "Message-ID", "Auto-Submitted", "X-DofC-Kind",
    }  # fmt: skip


def test_a_site_may_send_from_a_domain_of_any_script(smtp, post, monkeypatch):
    named = smtp.settings() | {"mail_default_sender": "Дани <host@дани.срб>"}
    monkeypatch.setattr(smtp, "settings", lambda: named)
    post(smtp)
    assert smtp.envelopes[0].mail_from == "host@xn--80ahnt.xn--90a3ac"
    assert smtp.messages[0]["Message-ID"].endswith("@xn--80ahnt.xn--90a3ac>")


def test_several_messages_share_one_connection(smtp, post):
    transport = Transport()
    for number in range(3):
        post(smtp, transport, recipient=f"delegate-{number}@dofc.test")
    assert len(smtp.messages) == 3 and len(smtp.peers) == 1


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_tls_is_spoken_when_the_servers_certificate_is_trusted(make_smtp, post, monkeypatch, tls):
    server = make_smtp(tls=tls, login=("dofc", "pass word"))
    monkeypatch.setenv("SSL_CERT_FILE", str(server.authority))
    post(server)
    server.wait_for(1)


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_a_certificate_that_nobody_vouches_for_is_refused(make_smtp, post, tls):
    server = make_smtp(tls=tls, login=("dofc", "pass word"))
    with pytest.raises(Unreachable, match="CERTIFICATE_VERIFY_FAILED"):
        post(server)
    assert server.messages == []


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_a_certificate_for_another_name_is_refused(make_smtp, post, monkeypatch, tls):
    # It listens everywhere, and its certificate names what it listens on.
    server = make_smtp(tls=tls, host="0.0.0.0")
    monkeypatch.setenv("SSL_CERT_FILE", str(server.authority))
    server.host = "127.0.0.1"
    with pytest.raises(Unreachable, match="mismatch"):
        post(server)
    assert server.messages == []


def test_nothing_is_said_without_tls_when_tls_is_asked_for(make_smtp, post, monkeypatch):
    """A server, or somebody in between, that does not offer STARTTLS gets neither the password nor the message."""
    plain = make_smtp(login=("dofc", "pass word"))
    wanted = plain.settings() | {"mail_use_tls": True}
    monkeypatch.setattr(plain, "settings", lambda: wanted)
    with pytest.raises(Unreachable, match="STARTTLS"):
        post(plain)
    assert plain.messages == []


def test_a_wrong_password_means_that_the_server_cannot_be_spoken_to(make_smtp, post, monkeypatch):
    server = make_smtp(login=("dofc", "pass word"))
    wrong = server.settings() | {"mail_password": "wrong"}
    monkeypatch.setattr(server, "settings", lambda: wrong)
    with pytest.raises(Unreachable, match="535"):
        post(server)


def test_a_server_that_wants_a_login_first_says_nothing_about_the_message(make_smtp, post, monkeypatch):
    server = make_smtp(login=("dofc", "pass word"))
    nameless = server.settings() | {"mail_username": None}
    monkeypatch.setattr(server, "settings", lambda: nameless)
    with pytest.raises(Unreachable, match="530"):
        post(server)


@pytest.mark.parametrize(
    ("reply", "permanent"),
    [
        ("450 4.2.1 mailbox busy", False),
        ("451 4.7.1 greylisted", False),
        ("452 4.2.2 full", False),
        ("550 5.1.1 nobody here", True),
        ("553 5.1.3 no such address", True),
        ("554 5.7.1 no", True),
    ],
)
def test_a_refusal_is_passed_on_with_its_words(smtp, post, reply, permanent):
    smtp.refuse["Ana@dofc.test"] = reply
    transport = Transport()
    with pytest.raises(Refused) as refused:
        post(smtp, transport)
    assert (str(refused.value), refused.value.permanent) == (reply, permanent)
    post(smtp, transport, recipient="ivo@dofc.test")
    assert len(smtp.peers) == 1, "a refusal is no reason to connect again"


def test_421_means_that_the_server_cannot_be_spoken_to(smtp, post):
    smtp.refuse_all = "421 4.3.2 shutting down"
    transport = Transport()
    with pytest.raises(Unreachable, match="421"):
        post(smtp, transport)
    smtp.refuse_all = ""
    post(smtp, transport)
    assert len(smtp.peers) == 2


def test_a_connection_that_breaks_before_the_250_is_no_delivery(smtp, post):
    smtp.drop = 1
    transport = Transport()
    with pytest.raises(Unreachable):
        post(smtp, transport)
    post(smtp, transport)
    assert (len(smtp.dropped), len(smtp.messages)) == (1, 1)


def test_a_server_that_is_away_is_unreachable(smtp, post):
    smtp.stop()
    with pytest.raises(Unreachable, match="ConnectionRefusedError"):
        post(smtp)


def test_a_kept_connection_that_died_meanwhile_is_replaced(smtp, post, make_app):
    transport = Transport()
    post(smtp, transport)
    smtp.stop()
    smtp.start()
    with make_app(**smtp.settings()).app_context():
        transport.connect()
    post(smtp, transport)
    assert len(smtp.messages) == 2


def test_an_address_that_cannot_be_written_is_refused_and_harms_no_other(smtp, post):
    """A name of a mailbox that is not ASCII needs a server that speaks SMTPUTF8, which few do."""
    transport = Transport()
    with pytest.raises(Refused) as refused:
        post(smtp, transport, recipient="josé@dofc.test")
    assert refused.value.permanent
    post(smtp, transport)
    assert len(smtp.messages_to("Ana@dofc.test")) == 1 and len(smtp.messages) == 1


@contextmanager
def silent_server() -> Iterator[int]:
    """Takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        taken: list[socket.socket] = []

        def take() -> None:
            try:
                while True:
                    taken.append(listening.accept()[0])
            except OSError:
                pass

        thread = threading.Thread(target=take, daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)
        thread.join(5)
        for connection in taken:
            connection.close()


def test_a_server_that_says_nothing_is_given_up_on(make_app, monkeypatch):
    monkeypatch.setattr(transport_module, "TIMEOUT", 0.3)
    with silent_server() as port, make_app(mail_server="127.0.0.1", mail_port=port).app_context():
        before = time.monotonic()
        with pytest.raises(Unreachable, match="time"):
            Transport().connect()
        assert time.monotonic() - before < 5


def test_a_server_may_take_its_time_over_a_message(post, smtp, monkeypatch):
    monkeypatch.setattr(transport_module, "TIMEOUT", 0.5)
    smtp.delay = 1.5
    post(smtp)
    assert len(smtp.messages) == 1


def test_what_is_wrong_with_us_is_no_fault_of_the_message(post, smtp):
    smtp.refuse_sender = "550 5.7.1 sender not allowed"
    with pytest.raises(Unreachable, match="sender not allowed"):
        post(smtp)
    assert smtp.messages == []


def test_a_server_may_take_its_time_over_its_greeting(make_app, monkeypatch):
    """RFC 5321, section 4.5.3.2.1: five minutes. How long a connection may take to be made says nothing of that."""
    assert transport_module.TIMEOUT >= 300 and transport_module.DATA_TIMEOUT >= 600
    monkeypatch.setattr(transport_module, "CONNECT_TIMEOUT", 0.2)
    answers = {"EHLO": "250 dofc.test", "QUIT": "221 bye"}
    with scripted_server(answers, greeting_after=0.6) as port:
        with make_app(mail_server="127.0.0.1", mail_port=port).app_context():
            transport = Transport()
            transport.connect()
            transport.close()


def test_a_challenge_that_cannot_be_decoded_is_no_fault_of_a_message(make_app):
    answers = {"EHLO": "250-dofc.test\r\n250 AUTH CRAM-MD5", "AUTH": "334 abc", "QUIT": "221 bye"}
    with scripted_server(answers) as port:
        login = {"mail_username": "dofc", "mail_password": "pass word"}
        with make_app(mail_server="127.0.0.1", mail_port=port, **login).app_context():
            with pytest.raises(Unreachable, match="Error"):
                Transport().connect()


def test_a_message_that_is_too_large_is_refused_and_the_others_leave(make_smtp, post):
    server, transport = make_smtp(largest=20_000), Transport()
    with pytest.raises(Refused, match="552") as refused:
        post(server, transport, text="large " * 20_000)
    assert refused.value.permanent
    post(server, transport)
    assert len(server.messages) == 1 and len(server.peers) == 1


def test_a_server_that_ends_each_connection_after_some_messages_gets_a_new_one_at_once(make_smtp, post):
    server, transport = make_smtp(carries=2), Transport()
    for _ in range(5):
        post(server, transport)
    assert len(server.messages) == 5 and len(server.peers) == 3


def test_a_kept_connection_that_the_server_wants_to_end_is_replaced(make_app):
    """It says so when it is asked whether it is still there."""
    with scripted_server({"EHLO": "250 dofc.test", "NOOP": "421 idle for too long", "QUIT": "221 bye"}) as port:
        with make_app(mail_server="127.0.0.1", mail_port=port).app_context():
            transport = Transport()
            transport.connect()
            first = transport._connection
            transport.connect()
            assert transport._connection is not first
            transport.close()
