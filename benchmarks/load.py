"""Clients that register through the real pages, and the processor time that the server spends on them."""

import http.client
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

import psutil

CSRF = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
WARMING = 12
KEY = re.compile(r'name="form_key"[^>]*value="([^"]+)"')


@dataclass(frozen=True)
class Cost:
    """What one action cost: the server's processor time and the time on the clock, in milliseconds."""

    cpu: float
    clock: float


def measure(server: psutil.Process, port: int, act: Callable[["Client", int], None], clients: int, each: int) -> Cost:
    """Let `clients` act `each` times at once; the cost of one act. The server's children count as the server."""
    # Every process has made its pages once, and compiled their templates, before it counts.
    _run(port, act, WARMING, 5, offset=0)
    before, started = _cpu_seconds(server), time.perf_counter()
    _run(port, act, clients, each, offset=10_000)
    spent, took = _cpu_seconds(server) - before, time.perf_counter() - started
    acts = clients * each
    return Cost(cpu=spent * 1000 / acts, clock=took * 1000 * clients / acts)


class Client:
    """A browser's worth of HTTP over one kept connection; raises AssertionError for any answer but the expected one."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._cookie = ""

    def get(self, path: str) -> str:
        return self._ask("GET", path, None, 200)[0]

    def post(self, path: str, fields: dict[str, str], status: int) -> str:
        return self._ask("POST", path, urlencode(fields), status)[1]

    def download(self, path: str) -> int:
        """Fetch a file, keeping nothing of it; how many bytes it has."""
        self._connection.request("GET", path, headers={"Cookie": self._cookie})
        response = self._connection.getresponse()
        if response.status != 200:
            raise AssertionError(f"GET {path}: {response.status}")
        size = 0
        while piece := response.read(2**16):
            size += len(piece)
        return size

    def _ask(self, method: str, path: str, body: str | None, status: int) -> tuple[str, str]:
        headers = {"Cookie": self._cookie}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self._connection.request(method, path, body, headers)
        response = self._connection.getresponse()
        text = response.read().decode()
        if response.status != status:
            raise AssertionError(f"{method} {path}: {response.status}\n{text[:2000]}")
        if cookie := response.headers.get("Set-Cookie"):
            self._cookie = cookie.partition(";")[0]
        return text, response.headers.get("Location", "")


def three_requests(client: Client, number: int) -> None:
    """What a registration would be if its pages did nothing."""
    client.get("/")
    client.post("/", {"number": str(number)}, 200)
    client.get("/")


def register(year: int) -> Callable[[Client, int], None]:
    """A complete registration: the form's page, the form sent, the delegate's own page."""

    def act(client: Client, number: int) -> None:
        form = client.get(f"/editions/{year}/register")
        csrf, key = CSRF.search(form), KEY.search(form)
        assert csrf and key, "the form has its hidden fields"
        fields = {
            "csrf_token": csrf[1],
            "form_key": key[1],
            "given_name": "Ана",
            "family_name": f"Нo {number}",
            "email": f"load-{number}-{time.time_ns()}@demo.example",
            "organisation": "Demo Load",
            "country": "RS",
            "category": "company",
            "language": "en",
            "consent": "y",
        }
        own_page = client.post(f"/editions/{year}/register", fields, 303)
        assert 'data-registration-status="' in client.get(own_page)

    return act


def _run(port: int, act: Callable[[Client, int], None], clients: int, each: int, offset: int) -> None:
    failures: list[BaseException] = []

    def go(first: int) -> None:
        client = Client(port)
        try:
            for number in range(first, first + each):
                act(client, number)
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=go, args=(offset + i * each,)) for i in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def _cpu_seconds(server: psutil.Process) -> float:
    return sum(sum(process.cpu_times()[:2]) for process in (server, *server.children(recursive=True)))
