"""Sixty photographs of 8 MB in one form, among files that are none: the time, and what memory the processes need."""

import http.client
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
from PIL import Image

from benchmarks.crowd import CHAIR, signed_in
from benchmarks.load import CSRF
from dofc_events.accounts.rules import RoleName
from dofc_events.app import create_app
from dofc_events.core.clock import now
from dofc_events.core.db import unit_of_work
from tests.support import uploads
from tests.support.databases import Databases, close_connections, settings_for
from tests.support.factories import make_account, make_edition
from tests.support.photographs import HEIC, noisy, packed
from tests.support.site import Site

# Twelve megapixels of noise have 8 MB so, as telephones take them.
PHOTOGRAPHS, PIXELS, QUALITY = 60, (4000, 3000), 96
LIMIT = 900
BOUNDARY = "photographs"


@dataclass(frozen=True)
class UploadCost:
    """Seconds until the form is answered and until the last picture can be seen; the most MB each process needed.

    `refused` are the files that were named as none, with the reasons.
    """

    megabytes: float
    answered: float
    prepared: float
    ready: int
    refused: dict[str, str]
    held: dict[str, float]


def upload_cost(databases: Databases, kind: str, folder: Path) -> UploadCost:
    """The cost of one form with all of them, from the site as one web process and one worker."""
    home = folder / f"photographs-{kind}"
    with databases.fresh(kind) as url:
        app = create_app(settings_for(url, home))
        with app.app_context(), unit_of_work() as session:
            year = make_edition(session, now=now()).year
            make_account(session, CHAIR, role=RoleName.CHAIR)
        with app.app_context():
            close_connections()
        site = Site(url, folder, SHARED_DIR=str(home)).serve(1)
        try:
            worker = psutil.Process(site.run_worker().pid)
            (web,) = psutil.Process(site.server.pid).children()
            return _sent(site, year, {"web": web, "worker": worker})
        finally:
            site.stop()


def _sent(site: Site, year: int, processes: dict[str, psutil.Process]) -> UploadCost:
    chair, page = signed_in(site), f"/organise/editions/{year}/memory/photographs"
    token = CSRF.search(chair.get(page))
    assert token is not None
    parts = list(_parts(token["value"]))
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=LIMIT)
    length, started = sum(map(len, parts)), time.perf_counter()
    headers = {"Cookie": chair.cookies, "Content-Length": str(length)}
    headers["Content-Type"] = f"multipart/form-data; boundary={BOUNDARY}"
    connection.request("POST", page, parts, headers)
    answer = connection.getresponse()
    assert answer.status == 303, answer.read()[:2000]
    answered = time.perf_counter() - started
    while re.search(r'"waiting":\s*[1-9]', chair.get(f"{page}/progress.json")):
        assert time.perf_counter() - started < LIMIT
        time.sleep(0.5)
    prepared, text = time.perf_counter() - started, chair.get(page)
    refused = re.findall(r'data-refused="(\w+)"><strong><bdi>([^<]+)', text)
    return UploadCost(
        megabytes=length / 1e6,
        answered=answered,
        prepared=prepared,
        ready=len(re.findall("data-photograph=", text)),
        refused={name: why for why, name in refused},
        held={name: _most(process) for name, process in processes.items()},
    )


def _parts(token: str) -> Iterator[bytes]:
    """The form, piece by piece: what is large is one picture, which differs in its last bytes alone."""
    for name, value in (("csrf_token", token), ("licence", "reserved")):
        yield f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
    large = packed(noisy(*PIXELS), "JPEG", quality=QUALITY)
    for number in range(1, PHOTOGRAPHS + 1):
        yield _head(f"IMG_{number:04}.jpg")
        yield large
        yield f"{number:04}\r\n".encode()
    for name, content in others().items():
        yield _head(name)
        yield content
        yield b"\r\n"
    yield f"--{BOUNDARY}--\r\n".encode()


def _head(name: str) -> bytes:
    return (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    ).encode()


def others() -> dict[str, bytes]:
    """What else people send: good ones of every kind, and what is no photograph."""
    two, grey = Image.new("RGB", (60, 30), "teal"), Image.frombytes("I;16", (32, 32), b"\x40\x9c" * 1024)
    return {
        "stereo.mpo": packed(two, "MPO", save_all=True, append_images=[two]),
        "telephone.heic": HEIC,
        "printer.jpg": packed(two.convert("CMYK"), "JPEG"),
        "scanner.png": packed(grey, "PNG"),
        "moving.gif": packed(two.quantize(8), "GIF", save_all=True, append_images=[Image.new("P", (60, 30))]),
        f"{'가나다라마바사아자차' * 30}.png": packed(two, "PNG"),
        "bomb.png": uploads.bomb(),
        "drawing.svg": uploads.svg(),
        "truncated.jpg": packed(noisy(300, 200), "JPEG")[:4000],
    }


def _most(process: psutil.Process) -> float:
    """The most memory that a process has ever held, in MB."""
    status = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) / 1024
