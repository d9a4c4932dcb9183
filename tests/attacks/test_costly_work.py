"""What one stranger sends costs others nothing: the real site and worker, and a visitor who registers meanwhile."""

import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest

from dofc_events.core.clock import now
from dofc_events.hosting.queries import token_of
from dofc_events.hosting.rules import ProposalStatus
from tests.races.visitors import registration_form, send
from tests.support import uploads
from tests.support.factories import make_edition, make_registration
from tests.support.hosting import make_call, make_proposal
from tests.support.network import NetworkClient

# The promise, in seconds: nobody waits longer to register, whatever somebody else sends.
LONGEST = 2
# Each takes six bytes on its way, and the library that puts them in order as many steps as there are of the others.
MARKS = "\u0323\u0301" * 18_000
WORDS = " ".join(f"{a}š{b}" for a in "bcdfghjk" for b in "lmnp")


def attach(client: NetworkClient, own: str, content: bytes) -> int:
    """Send a file from a proposal's page; returns the status of the answer."""
    token = client.get(own).form("/attachments").value("csrf_token")
    parts = (("csrf_token", "", token.encode()), ("file", '; filename="a"', content))
    body = b"".join(
        f'--x\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'.encode() + value + b"\r\n"
        for name, more, value in parts
    )
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    request = urllib.request.Request(f"{client.base_url}{own}attachments", body + b"--x--\r\n", headers)
    try:
        with client._client.opener.open(request, timeout=60) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


@pytest.mark.databases("sqlite")
def test_a_visitor_registers_within_two_seconds_whatever_a_stranger_sends(live_server, app, database_url, writing):
    with writing() as session:
        edition = make_edition(session, now=now(), capacity=500)
        call = make_call(session, now=now())
        own = f"/hosting/proposals/{token_of(make_proposal(session, call, ProposalStatus.SUBMITTED, now=now()))}/"
        for n in range(60):
            make_registration(
                session,
                edition,
                now=now(),
                given_name=WORDS[:100],
                family_name=WORDS[n:][:100],
                phone="+381 11 123 4567",
            )
        year = edition.year
    site = live_server(database_url, workers=2)
    scans, blanks = uploads.many_scans(4000, 1600), uploads.pdf_of_blanks()

    def register(name: str) -> int:
        stranger = NetworkClient(site.url)
        return send(registration_form(stranger, year, f"{name}@strangers.example", given_name="a" * 200 + MARKS)).status

    attacks = {
        "scans": lambda: attach(NetworkClient(site.url), own, scans),
        "blanks": lambda: attach(NetworkClient(site.url), own, blanks),
        "marks": lambda: register("marks"),
    }
    with ThreadPoolExecutor(8) as strangers:
        site.run_worker()
        for name, attack in attacks.items():
            forms = [registration_form(NetworkClient(site.url), year, f"{name}{n}@visitors.example") for n in range(3)]
            sent = [strangers.submit(attack) for _ in range(4)]
            for form in forms:
                time.sleep(0.3)
                begun = time.monotonic()
                answer = send(form)
                waited = time.monotonic() - begun
                assert answer.status == 303 and waited < LONGEST, (name, answer.status, waited)
            # A form that is refused, or a queue that says that it is full.
            assert {one.result(90) for one in sent} <= {422, 503}, name
