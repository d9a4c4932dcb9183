"""What no database and no library can read is refused in words: the real site, on the database that takes least."""

import urllib.error
import urllib.request
from typing import Any

import pytest

from dofc_events.accounts.factors.models import Factor
from dofc_events.accounts.service import issue_sign_in_link
from dofc_events.core.clock import now
from tests.imports.reading.test_queries import encrypted
from tests.support.factories import make_account, make_edition, make_registration
from tests.support.forms import Form
from tests.support.network import NetworkClient

# Half of a character, which JSON can name and no text can have.
HALF = "\\ud800"


def signed_in(site, token) -> NetworkClient:
    client = NetworkClient(site.url)
    client.get(f"/sign-in/{token}").form().submit(checked=False)
    return client


def form_with(page, name) -> Form:
    """The first form of a page that has a field of this name."""
    return next(Form(page, tag) for tag in page.all("form[method=post]") if tag.select(f"[name={name}]"))


def status_of(client, path, **values) -> int:
    """Of the answer to a form with one value in it that no browser sends."""
    form = form_with(client.get(path), next(iter(values)))
    return form.forge(**values).submit(checked=False, follow=False).status


def send_list(client, path, content) -> tuple[int, str]:
    """Send a file of people, whose name has a zero in it."""
    token = client.get(path).all("[name=csrf_token]")[-1]["value"]
    parts = (("csrf_token", "", token.encode()), ("file", "; filename*=UTF-8''..%2Fa%00b%E2%80%AEvsc.csv", content))
    body = b"".join(
        f'--x\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'.encode() + value + b"\r\n"
        for name, more, value in parts
    )
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    request = urllib.request.Request(f"{client.base_url}{path}", body + b"--x--\r\n", headers)
    try:
        with client._client.opener.open(request, timeout=60) as answer:
            return answer.status, ""
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers.get("Location", "")


@pytest.mark.databases("postgresql")
def test_what_cannot_be_read_or_stored_is_no_failure_of_ours(live_server, app, database_url, writing):
    with writing() as session:
        edition = make_edition(session, now=now())
        make_registration(session, edition, now=now())
        chair, other = make_account(session, role="chair"), make_account(session, role="chair", email="other@dofc.test")
        factor: dict[str, Any] = {
            "kind": "passkey",
            "name": "Key",
            "credential": "abc",
            "public_key": b"x",
            "sign_count": 0,
        }
        session.add(Factor(account_id=other.id, added_at=now(), **factor))
        tokens = [issue_sign_in_link(session, account.id, now()) for account in (chair, other)]
        organise = f"/organise/editions/{edition.year}"
    site = live_server(database_url, BASE_URL="http://localhost")
    client, half_in = (signed_in(site, token) for token in tokens)
    statuses = {
        "zero": status_of(client, f"{organise}/check-in", arrived="A\0B"),
        "nested": status_of(client, f"{organise}/settings/texts", opened_with="[" * 50_000),
        "half": status_of(client, f"{organise}/settings/texts", opened_with=f'{{"{HALF}": "{HALF}"}}'),
        "passkey": status_of(half_in, "/sign-in/factors/check", answer=f'{{"id": "{HALF}"}}'),
        "zero in a passkey": status_of(half_in, "/sign-in/factors/check", answer='{"id": "a\\u0000"}'),
        "encrypted": send_list(client, f"{organise}/import", encrypted())[0],
    }
    refused = {"zero": 400, "nested": 303, "half": 303, "passkey": 422, "zero in a passkey": 422, "encrypted": 422}
    assert statuses == refused
    wide = b"Name," + b"x" * 5000 + b",Na\0me\nAna,b,c\n"
    status, location = send_list(client, f"{organise}/import", wide)
    page = client.get(location.removeprefix(site.url))
    assert status == 303 and "a b vsc.csv" in page.text
    columns: dict[str, Any] = {"column-0": "given_name", "column-2": "family_name"}
    matching = form_with(page, "column-0").forge(columns)
    assert matching.submit(checked=False).status < 500
