"""What only the real server shows: bodies of many megabytes, and pictures that browsers keep for ever."""

import contextlib
import os
from http.client import HTTPConnection

import pytest

from dofc_events.accounts.rules import RoleName
from dofc_events.core.clock import now
from dofc_events.memory.photographs.queries import photographs_of
from dofc_events.serving import LARGEST_BODY
from tests.support.factories import make_account, make_edition
from tests.support.photographs import SHOWN, make_photograph

pytestmark = pytest.mark.databases("sqlite")


def multipart(files: dict[str, bytes], **fields: str) -> tuple[bytes, dict[str, str]]:
    parts = [f'--x\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n'.encode() for n, v in fields.items()]
    for name, content in files.items():
        head = f'--x\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'
        parts.append(head.encode() + content + b"\r\n")
    return b"".join([*parts, b"--x--\r\n"]), {"Content-Type": "multipart/form-data; boundary=x"}


def ask(port: int, *request, **options) -> tuple[int, dict[str, str], bytes]:
    with contextlib.closing(HTTPConnection("127.0.0.1", port, timeout=20)) as connection:
        connection.request(*request, **options)
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()


def test_many_large_ones_at_once_from_whom_we_know_and_pictures_for_ever(
    app, live_server, database_url, writing, reading, sign_in
):
    with writing() as session:
        edition = make_edition(session, now=now())
        shown = make_photograph(session, edition, **SHOWN)
        picture, size = f"/photographs/{shown.largest.content_hash}.jpeg", shown.largest.size
        account = make_account(session, role=RoleName.ORGANISER, edition=edition)
    organiser = sign_in(account)
    address = f"/organise/editions/{edition.year}/memory/photographs"
    token = organiser.get(address).form("form[data-uploads]").values["csrf_token"]
    large = {f"{n}.jpg": b"\xff\xd8\xff" + os.urandom(100) + bytes(LARGEST_BODY // 2) for n in range(3)}
    body, headers = multipart(large, csrf_token=token[0], licence="reserved")
    site = live_server(database_url, SHARED_DIR=str(app.extensions["dofc_events"].shared))
    status, _, _ = ask(site.port, "POST", address, body, headers)
    assert status == 413, "of whom we do not know it is thrown away as it arrives"
    signed_in = {**headers, "Cookie": f"dofc={organiser.session_cookie}"}
    status, answered, _ = ask(site.port, "POST", address, body, signed_in)
    assert (status, answered["Location"].partition("#")[0]) == (303, address)
    with reading() as session:
        assert {one.name for one in photographs_of(session, edition.id)} == {shown.name, *large}
    status, said, content = ask(site.port, "GET", picture)
    assert (status, len(content), said["Content-Length"]) == (200, size, str(size))
    assert said["Cache-Control"] == "private, max-age=31536000, immutable"
    assert said["Content-Type"] == "image/jpeg" and "Set-Cookie" not in said
