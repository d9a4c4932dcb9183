"""A client that does what a person without JavaScript does: fetch a page, follow a link, fill in the form on it.

Every page that it fetches is checked (`lint.problems_of`), and so is every answer's way of redirecting.
"""

import re
from functools import cached_property
from typing import Any
from urllib.parse import urljoin, urlsplit

from flask import Flask, session
from flask.testing import FlaskClient
from werkzeug.datastructures import Headers

from dofc_events.accounts import sessions
from dofc_events.accounts.guards import begin_session
from dofc_events.accounts.models import Account
from dofc_events.core.clock import now
from dofc_events.core.db import unit_of_work
from tests.support.forms import Form
from tests.support.lint import problems_of
from tests.support.tree import Element, parsed

MAX_REDIRECTS = 5
# What was done, and that somebody is told of it.
PROMISE = re.compile(r'"notice notice-success"><p>[^<]*( by email|We will write to|letter is being sent)')


class Page:
    """One answer, after redirects. `url` is its path with the query, `redirects` the addresses that led to it."""

    def __init__(self, client: "Client", url: str, status: int, headers: Headers, data: bytes, redirects: list[str]):
        self.client = client
        self.url = url
        self.status = status
        self.headers = headers
        self.data = data
        self.redirects = redirects
        self.html = data.decode("utf-8", errors="replace")

    @cached_property
    def tree(self) -> Element:
        return parsed(self.html)

    @property
    def text(self) -> str:
        """What a person reads in the body, with single spaces."""
        return _words(self.one("body").get_text(" "))

    @property
    def title(self) -> str:
        return self.one("head > title").get_text(strip=True)

    @property
    def h1(self) -> str:
        return _words(self.one("h1").get_text(" "))

    def all(self, css: str) -> list[Element]:
        """Every element that the selector finds."""
        return self.tree.select(css)

    def one(self, css: str) -> Element:
        """The one element that the selector finds; fails if there are none or several."""
        found = self.all(css)
        assert len(found) == 1, f"{len(found)} elements {css!r} on {self}"
        return found[0]

    def link(self, text: str) -> str:
        """The address of the link that says `text`; fails if there is none, or several lead to different places."""
        links = [tag for tag in self.all("a[href]") if text in _words(tag.get_text(" "))]
        addresses = {str(tag["href"]) for tag in links}
        assert len(addresses) == 1, f"{len(addresses)} places behind links that say {text!r} on {self}"
        return addresses.pop()

    def follow(self, text: str) -> "Page":
        """The page behind the link that says `text`."""
        return self.client.get(urljoin(self.url, self.link(text)))

    def form(self, which: str = "") -> Form:
        """A form: by a part of its action, or a CSS selector; without either the only one in <main>."""
        forms = self.all("main form")
        if which:
            forms = [form for form in self.all("form") if which in urljoin(self.url, str(form.get("action") or ""))]
            if not forms and not which.startswith("/"):
                forms = self.all(which)
        assert len(forms) == 1, f"{len(forms)} forms {which!r} on {self}: {[f.get('action') for f in self.all('form')]}"
        return Form(self, forms[0])

    def agree(self) -> "Page":
        """The answer to a yes on the page that asks whether a button was meant."""
        return self.form("main form").submit("accepted")

    def __str__(self) -> str:
        return f"{self.url} ({self.status}): {self.text[:600]}"

    __repr__ = __str__


class Client:
    """One person's browser: cookies are kept, and two clients know nothing of each other.

    `base_url` is where links in mails lead; such an address can be opened like a path.
    """

    def __init__(self, app: Flask, base_url: str = "", browser: FlaskClient | None = None) -> None:
        self.app = app
        self.base_url = base_url
        self._client = browser or app.test_client()

    def another(self) -> "Client":
        """Somebody else's browser."""
        return Client(self.app, self.base_url)

    def sign_in(self, account: Account) -> "Client":
        """Have the session that the site itself begins for an account, without its mail and its pages."""
        with self.app.app_context(), unit_of_work() as rows:
            secret = sessions.begin(rows, account.id, "", now())
        with self.app.test_request_context(environ_base=self._client.environ_base):
            begin_session(account, secret)
            begun = dict(session)
        with self._client.session_transaction() as kept:
            kept.clear()
            kept.update(begun)
        return self

    @property
    def session_cookie(self) -> str:
        """What the site knows this browser by: also another site, in processes of its own, on the same database."""
        return str(self._client.get_cookie(self.app.config["SESSION_COOKIE_NAME"]).value)

    def get(self, address: str, *, checked: bool = True, **options: Any) -> Page:
        """Fetch a page and check it. `checked=False` is for what is not a page of ours, such as a stored HTML mail."""
        return self.open("GET", address, checked=checked, **options)

    def post(self, address: str, data: dict[str, Any] | None = None, **options: Any) -> Page:
        """Post without a form, as no person does: for what a hostile or broken client sends."""
        return self.open("POST", address, data=data or {}, **options)

    def open(self, method: str, address: str, *, checked: bool = True, follow: bool = True, **options: Any) -> Page:
        """One request and, unless `follow` is False, the pages that it leads to. An accepted form must answer 303."""
        url = self._path(address)
        redirects: list[str] = []
        while True:
            answer = self._client.open(url, method=method, **options)
            page = Page(self, url, answer.status_code, answer.headers, answer.get_data(), redirects)
            answer.close()
            if not follow or not 300 <= page.status < 400 or page.status == 304:
                break
            assert method == "GET" or page.status == 303, f"{method} {url} was answered {page.status}, not 303"
            assert len(redirects) < MAX_REDIRECTS, f"redirected for ever: {redirects}"
            redirects.append(url)
            url, method, options = self._path(urljoin(url, page.headers["Location"])), "GET", {}
        if checked and page.headers.get("Content-Type", "").startswith("text/html") and not 300 <= page.status < 400:
            problems = problems_of(page.html)
            if PROMISE.search(page.html) and not self.app.extensions["dofc_events"].mail_is_delivered:
                problems.append("An email is promised where none leaves")
            assert not problems, f"{method} {url}:\n" + "\n".join(problems)
        return page

    def _path(self, address: str) -> str:
        if self.base_url and address.startswith(f"{self.base_url}/"):
            address = address[len(self.base_url) :]
        parts = urlsplit(address)
        assert not parts.netloc or parts.netloc == "localhost", f"{address} leads away from the site"
        return parts.path + (f"?{parts.query}" if parts.query else "")


def _words(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()
