"""The mail server misbehaves exactly as it is told to."""

import smtplib
import ssl
from email.message import EmailMessage

import pytest


def _message(number: int) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "from@dofc.test", "to@dofc.test", f"Grüße {number}"
    message.set_content("Добре дошли")
    return message


def _deliver(server, number: int = 1, context: ssl.SSLContext | None = None, login: tuple[str, str] | None = None):
    connection: smtplib.SMTP
    if server.tls == "implicit":
        connection = smtplib.SMTP_SSL(server.host, server.port, timeout=5, context=context)
    else:
        connection = smtplib.SMTP(server.host, server.port, timeout=5)
    with connection as smtp:
        if server.tls == "starttls":
            smtp.starttls(context=context)
        if login:
            smtp.login(*login)
        smtp.send_message(_message(number))


def test_a_message_is_recorded_when_it_is_accepted(smtp):
    _deliver(smtp)
    (message,) = smtp.wait_for(1)
    assert (message["Subject"], message.get_content().strip()) == ("Grüße 1", "Добре дошли")
    assert smtp.messages_to("to@dofc.test") and not smtp.messages_to("other@dofc.test")


def test_a_recipient_is_refused_as_told(smtp):
    smtp.refuse["to@dofc.test"] = "451 4.7.1 later"
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        _deliver(smtp)
    assert refused.value.recipients == {"to@dofc.test": (451, b"4.7.1 later")}


def test_a_dropped_message_is_not_delivered_but_the_next_one_is(smtp):
    smtp.drop = 1
    with pytest.raises(smtplib.SMTPServerDisconnected):
        _deliver(smtp, 1)
    _deliver(smtp, 2)
    assert [m["Subject"] for m in smtp.dropped + smtp.messages] == ["Grüße 1", "Grüße 2"]
    assert len(smtp.messages) == 1


def test_a_stopped_server_is_unreachable_until_it_is_started_again(smtp):
    smtp.stop()
    with pytest.raises(ConnectionRefusedError):
        _deliver(smtp)
    smtp.start()
    _deliver(smtp)
    smtp.wait_for(1)


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_tls_needs_a_client_that_trusts_the_authority_and_a_login(make_smtp, tls):
    server = make_smtp(tls=tls, login=("name", "word"))
    trusting = ssl.create_default_context(cafile=str(server.authority))
    with pytest.raises(ssl.SSLCertVerificationError):
        _deliver(server, context=ssl.create_default_context(), login=server.login)
    with pytest.raises(smtplib.SMTPSenderRefused):
        _deliver(server, context=trusting)
    with pytest.raises(smtplib.SMTPAuthenticationError):
        _deliver(server, context=trusting, login=("name", "wrong"))
    _deliver(server, context=trusting, login=server.login)
    server.wait_for(1)
