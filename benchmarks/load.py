"""Clients that register through the real pages, and the processor time that the server spends on them."""

import http.client
import random
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

import psutil

from benchmarks.people import CITIES, COUNTRIES, GIVEN_NAMES, SYLLABLES

CSRF, KEY = (
    re.compile(rf'name="(?P<name>{name})"[^>]*value="(?P<value>[^"]+)"') for name in ("csrf_token", "form_key")
)
WARMING = 12


@dataclass(frozen=True)
class Cost:
    """What one action cost, in milliseconds: the processor time of each group of processes, and time on the clock."""

    cpu: dict[str, float]
    clock: float


def warm(port: int, act: Callable[["Client", int], None]) -> int:
    """Every process makes its pages once, and compiles their templates, before it counts; returns how many acts."""
    _run(port, act, WARMING, 5, offset=0)
    return WARMING * 5


def measure(
    processes: Mapping[str, psutil.Process],
    port: int,
    act: Callable[["Client", int], None],
    clients: int,
    each: int,
    finish: Callable[[], None] = lambda: None,
) -> Cost:
    """Let `clients` act `each` times at once; the cost of one act.

    A process's children count with it. The clock stops when the last client has its page; `finish` waits for what is
    done after that.
    """
    before, started = _cpu_seconds(processes), time.perf_counter()
    _run(port, act, clients, each, offset=10_000)
    took = time.perf_counter() - started
    finish()
    after, acts = _cpu_seconds(processes), clients * each
    return Cost({name: (after[name] - before[name]) * 1000 / acts for name in processes}, took * 1000 * clients / acts)


class Client:
    """A browser's worth of HTTP over one kept connection; raises AssertionError for any answer but the expected one."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._cookies: dict[str, str] = {}

    def get(self, path: str) -> str:
        return self._ask("GET", path, None, 200)[0]

    def post(self, path: str, fields: dict[str, str], status: int) -> str:
        return self._ask("POST", path, urlencode(fields), status)[1]

    def download(self, path: str) -> int:
        """Fetch a file, keeping nothing of it; how many bytes it has."""
        response = self._send("GET", path)
        if response.status != 200:
            raise AssertionError(f"GET {path}: {response.status}")
        size = 0
        while piece := response.read(2**16):
            size += len(piece)
        return size

    def visit(self, path: str) -> int:
        """Fetch a page, whatever the answer; its status."""
        response = self._send("GET", path)
        response.read()
        return response.status

    @property
    def cookies(self) -> str:
        """As a header has them."""
        return "; ".join(f"{name}={value}" for name, value in self._cookies.items())

    def _ask(self, method: str, path: str, body: str | None, status: int) -> tuple[str, str]:
        response = self._send(method, path, body)
        text = response.read().decode()
        if response.status != status:
            raise AssertionError(f"{method} {path}: {response.status}\n{text[:2000]}")
        return text, response.headers.get("Location", "")

    def _send(self, method: str, path: str, body: str | None = None) -> http.client.HTTPResponse:
        headers = {"Cookie": self.cookies}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self._connection.request(method, path, body, headers)
        response = self._connection.getresponse()
        for cookie in response.headers.get_all("Set-Cookie", ()):
            name, _, value = cookie.partition(";")[0].partition("=")
            self._cookies[name] = value
        return response


def three_requests(client: Client, number: int) -> None:
    """The cost of a registration if its pages did nothing."""
    client.get("/")
    client.post("/", {"number": str(number)}, 200)
    client.get("/")


def register(year: int) -> Callable[[Client, int], None]:
    """A complete registration: the form's page, the form sent, the delegate's own page."""

    def act(client: Client, number: int) -> None:
        own_page = fill_in(client, f"/editions/{year}/register", number)
        assert 'data-registration-status="' in client.get(own_page)

    return act


def register_with_beginner(client: Client, number: int) -> None:
    """A registration at the beginner's site."""
    thanks = fill_in(client, "/", number)
    assert "Thank you, " in client.get(thanks)


def fill_in(client: Client, path: str, number: int, **more: str) -> str:
    """Send the form that is at `path`, as a browser does, with `more` fields; returns where the answer leads."""
    form = client.get(path)
    chance = random.Random(f"{number} {time.time_ns()}")
    # As in life, some share a given name or a country, few a family name, and no two a mailbox that is nearly the same.
    family = "".join(chance.choices(SYLLABLES, k=3))
    fields = {
        "given_name": chance.choice(GIVEN_NAMES),
        "family_name": f"{family.title()}ić",
        "badge_name": "",
        "email": f"{family}.{chance.randbytes(4).hex()}@load.example",
        "phone": "",
        "organisation": f"{chance.choice(CITIES)} Cluster {chance.randint(1, 40)}",
        "job_title": "",
        "country": chance.choice(COUNTRIES),
        "category": "company",
        "dietary": "",
        "access_needs": "",
        "language": "en",
        "consent": "y",
        **more,
    }
    for hidden in (CSRF, KEY):
        if found := hidden.search(form):
            fields[found["name"]] = found["value"]
    return client.post(path, fields, 303)


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


def _cpu_seconds(processes: Mapping[str, psutil.Process]) -> dict[str, float]:
    return {
        name: sum(time.clock_gettime(_clock_of(each.pid)) for each in (process, *process.children(recursive=True)))
        for name, process in processes.items()
    }


def _clock_of(pid: int) -> int:
    """Linux's clock of a process's processor time, as clock_getcpuclockid(3) makes its number.

    It counts nanoseconds. What psutil reads are hundredths of a second, each given to whoever is running at its end.
    """
    return ~pid << 3 | 2
