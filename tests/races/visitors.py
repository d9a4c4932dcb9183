"""Many people at once, each with a browser of their own, over the network."""

import http.client
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Barrier
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit

from tests.support.forms import Form
from tests.support.pages import Page

Subject = TypeVar("Subject")
Result = TypeVar("Result")


@dataclass
class Answer:
    """What the site said to one request."""

    status: int
    location: str
    body: bytes


@dataclass
class Visitor:
    """One browser, on one kept connection. It follows no redirects: where they lead is what a race is about."""

    url: str
    _cookies: dict[str, str] = field(default_factory=dict)
    _connection: http.client.HTTPConnection | None = None

    def get(self, path: str) -> Answer:
        return self._ask("GET", path)

    def form(self, path: str, css: str = "main form") -> Form:
        """The form on a page, as it stands there; `send` posts it."""
        answer = self.get(path)
        assert answer.status == 200, f"GET {path}: {answer.status} {answer.body[:400]!r}"
        page = Page(None, path, answer.status, None, answer.body, [])  # type: ignore[arg-type]
        return page.form(css)

    def send(self, form: Form) -> Answer:
        """Press the form's only button."""
        values = [(name, value) for name, values in form.values.items() for value in values]
        return self._ask("POST", str(form.tag.get("action") or form.page.url), urlencode(values))

    def another_tab(self) -> "Visitor":
        """The same browser, which can wait for two answers at once."""
        return Visitor(self.url, self._cookies)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _ask(self, method: str, path: str, body: str | None = None) -> Answer:
        if self._connection is None:
            self._connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=60)
        headers = {"Cookie": "; ".join(f"{k}={v}" for k, v in self._cookies.items())}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self._connection.request(method, urlsplit(path).path, body, headers)
        answer = self._connection.getresponse()
        for cookie in answer.headers.get_all("Set-Cookie", []):
            name, _, value = cookie.partition(";")[0].partition("=")
            self._cookies[name] = value
        said = Answer(answer.status, answer.headers.get("Location", ""), answer.read())
        # Kept connections would occupy the server's threads while they wait for each other.
        self.close()
        return said


def registration_form(visitor: Visitor, year: int, email: str, **changes: Any) -> Form:
    """The edition's form, filled in."""
    form = visitor.form(f"/editions/{year}/register")
    values = {
        "given_name": "Ana",
        "family_name": email.partition("@")[0],
        "email": email,
        "organisation": "Trakya Cluster",
        "country": "TR",
        "category": "company",
        "consent": True,
    }
    return form.fill(values | changes)


def all_at_once(act: Callable[[Subject], Result], subjects: Iterable[Subject]) -> list[Result]:
    """Everybody acts at the same moment; returns what each of them got, in the order of the subjects."""
    everybody = list(subjects)
    start = Barrier(len(everybody))

    def run(subject: Subject) -> Result:
        start.wait(timeout=60)
        return act(subject)

    with ThreadPoolExecutor(len(everybody)) as pool:
        return list(pool.map(run, everybody))
