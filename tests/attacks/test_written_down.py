"""What strangers do leaves neither their address nor anybody's link in the log of the real site, and few lines."""

import contextlib
import io
import logging
import socket
from http.client import HTTPConnection

import pytest
from sqlalchemy import text

from dofc_events.core.clock import now
from dofc_events.hosting.queries import token_of
from dofc_events.hosting.rules import ProposalStatus
from dofc_events.web.attachments.reading import rules
from tests.attacks.test_costly_work import attach
from tests.support import uploads
from tests.support.hosting import make_call, make_proposal
from tests.support.network import NetworkClient

# Another address of this machine than the one that the site says it listens at.
STRANGER = ("127.0.0.2", 0)
BROKEN_LINKS = 300


def test_a_pdf_can_make_its_reader_write_hundreds_of_lines():
    """Which is why it must do so where nobody keeps them."""
    lines = io.StringIO()
    handler = logging.StreamHandler(lines)
    logging.getLogger("pypdf").addHandler(handler)
    rules.checked("letter.pdf", uploads.pdf_of_broken_links(BROKEN_LINKS))
    logging.getLogger("pypdf").removeHandler(handler)
    assert len(lines.getvalue().splitlines()) > BROKEN_LINKS


@pytest.mark.databases("sqlite")
def test_the_log_has_no_network_address_no_link_and_no_line_of_a_parser(live_server, database_url, writing):
    with writing() as session:
        token = token_of(make_proposal(session, make_call(session, now=now()), ProposalStatus.SUBMITTED, now=now()))
    own = f"/hosting/proposals/{token}/"
    site = live_server(database_url)
    assert attach(NetworkClient(site.url), own, uploads.pdf_of_broken_links(BROKEN_LINKS)) == 303
    for said in (
        f"GET {own} HTTP/1.1\r\nHost: a\r\nContent-Length: many\r\n\r\n",
        f"GET {own} HTTP/9.9\r\n\r\n",
        f"GET {own} {own}\r\n\r\n",
        f"GET {own} HTTP/1.1\r\nHost: a\r\n{own}\r\n\r\n",
        f"GET {own} HTTP/1.1\r\nHost: a\r\nX-Long: {'x' * 40_000}\r\n\r\n",
        f"POST {own}attachments HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{token}",
        # Gone before the answer.
        f"GET {own} HTTP/1.1\r\nHost: a\r\n\r\n",
    ):
        with socket.create_connection(("127.0.0.1", site.port), timeout=10, source_address=STRANGER) as line:
            line.sendall(said.encode())
    with writing() as session:
        session.execute(text("ALTER TABLE attachments RENAME TO away"))
    # Closed before the table is back, so that all of these were answered.
    with contextlib.closing(HTTPConnection("127.0.0.1", site.port, timeout=10, source_address=STRANGER)) as connection:
        for path, status in ((own, 500), (f"{own}?{token}", 500), (f"/hosting/proposals/x{token}/", 404)):
            connection.request("GET", path, headers={"X-Forwarded-For": STRANGER[0], "Referer": site.url + own})
            answer = connection.getresponse()
            answer.read()
            assert answer.status == status
    log = site.server.log.read_text()
    assert "request_failed" in log and "wrong_link" in log
    assert token not in log
    assert STRANGER[0] not in log
    # What is no request is answered like one, and surprises nobody.
    assert "uncaptured" not in log and "not defined" not in log
