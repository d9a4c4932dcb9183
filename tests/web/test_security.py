"""What every answer carries, and what every form needs."""

import re

import pytest
from werkzeug.routing import Rule

from dofc_events.core.clock import now
from dofc_events.delegates.queries import token_of
from dofc_events.mail.models import Message
from tests.support.databases import dump
from tests.support.factories import make_account, make_edition, make_registration, make_trip
from tests.support.hosting import make_call
from tests.support.letters import letters
from tests.support.pages import Client

ON_EVERY_ANSWER = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@pytest.fixture
def token(app, writing) -> str:
    """The link of the only delegate of the edition of 2027."""
    with writing() as session:
        make_account(session, "chair@dofc.test")
        # A call is made before its year has an edition.
        make_call(session, 2027, now=now())
        edition = make_edition(session, year=2027)
        make_trip(session, edition, "wine")
        return token_of(make_registration(session, edition))


@pytest.fixture
def addresses(app, token, reading) -> list[tuple[str, str, set[str]]]:
    """Every route of the site with an address that leads to something, and its methods."""
    with reading() as session:
        message = letters(session, about=token.split(".")[0])[0]
    known = {
        "year": 2027,
        "token": token,
        "secret": "s" * 32,
        "reference": token.split(".")[0],
        "message_id": message.id,
        "slug": "wine",
        "kind": "csv",
        "part": "html",
        "letter_id": 1,
        "pair_id": 1,
        "view_id": 1,
        "file_id": 1,
        "key": "dinner",
        "role_id": 1,
        "account_id": 1,
        "session_id": 1,
        "factor_id": 1,
        "attachment_id": 1,
        "photograph_id": 1,
        "document_id": 1,
        "content_hash": "0" * 64,
        "act": "publish",
        "invitation_id": 1,
        "ending": "jpeg",
        "voter_id": 1,
        "item_id": 1,
    }
    routes = []
    for rule in app.url_map.iter_rules():
        missing = set(rule.arguments) - set(known) - set(rule.defaults or {})
        assert not missing, f"{rule}: say here what to put for {missing}"
        routes.append((rule.endpoint, _address(rule, known), set(rule.methods or ())))
    return routes


def _address(rule: Rule, known: dict) -> str:
    values = known | dict(rule.defaults or {})
    built = rule.build({name: values[name] for name in rule.arguments}, append_unknown=False)
    assert built is not None
    return str(built[1])


def policy(answer) -> dict[str, str]:
    directives = (part.strip().partition(" ") for part in answer.headers["Content-Security-Policy"].split(";"))
    return {name: sources for name, _, sources in directives}


def test_every_answer_has_its_headers_and_to_ask_changes_nothing(client, addresses, database_url):
    before = dump(database_url)
    for endpoint, address, methods in addresses:
        for method in methods - {"OPTIONS"}:
            answer = client.open(method, address, checked=False, follow=False)
            for name, value in ON_EVERY_ANSWER.items():
                assert answer.headers.get(name) == value, f"{method} {address}: {name}"
            assert "Content-Security-Policy" in answer.headers
            # The sign and the pictures are the same for everyone.
            assert (
                endpoint in ("public.favicon", "public.cards.edition") or answer.headers["Cache-Control"] == "no-store"
            )
            assert "Server" not in answer.headers or "Python" not in answer.headers["Server"]
    assert dump(database_url) == before


@pytest.mark.parametrize("path", ["/", "/nowhere", "/sign-in", "/healthz", "/organise/"])
def test_pages_load_and_run_nothing_but_our_own(client, path):
    directives = policy(client.get(path, follow=False))
    assert directives.pop("default-src") == "'none'"
    assert directives.pop("img-src") == "'self' data:"
    assert directives.pop("base-uri") == directives.pop("frame-ancestors") == "'none'"
    assert set(directives.values()) == {"'self'"} and {"script-src", "style-src", "form-action"} <= set(directives)


def test_static_files_have_their_headers_too(client):
    page = client.get("/")
    for tag in page.all("link[href], script[src]"):
        answer = client.get(str(tag.get("href") or tag.get("src")))
        assert answer.status == 200
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "Access-Control-Allow-Origin" not in answer.headers


def test_every_form_refuses_what_comes_without_a_token(client, addresses, database_url):
    """Signed in or not, with or without cookies: a page of somebody else's cannot send our forms."""
    before = dump(database_url)
    posts = [(endpoint, address) for endpoint, address, methods in addresses if "POST" in methods]
    assert len(posts) > 8
    for endpoint, address in posts:
        client.get("/sign-in")
        answer = client.post(address, {"answer": "accept", "email": "a@dofc.test"}, follow=False)
        assert answer.status in (400, 303, 404), f"{address}: {answer.status}"
        if answer.status == 303:
            # To the sign-in page, or already signed out.
            assert endpoint == "accounts.sign_out" or answer.headers["Location"].startswith("/sign-in"), address
    assert dump(database_url) == before


def test_a_token_of_another_browser_is_refused(client, token, database_url):
    before = dump(database_url)
    theirs = client.another().get(f"/registrations/{token}/cancel").form().value("csrf_token")
    client.get(f"/registrations/{token}/cancel")
    assert client.post(f"/registrations/{token}/cancel", {"csrf_token": theirs}).status == 400
    assert dump(database_url) == before


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(("base_url", "secure"), [("https://dofc.test", True), ("http://dofc.test", False)])
def test_cookies_are_locked_up(make_app, base_url, secure):
    client = Client(make_app(base_url=base_url), base_url)
    answer = client.get("/sign-in")
    (cookie,) = answer.headers.get_all("Set-Cookie")
    attributes = {part.strip() for part in cookie.split(";")[1:]}
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= attributes
    assert ("Secure" in attributes) == secure
    assert not any(part.startswith("Domain") for part in attributes)
    assert ("Strict-Transport-Security" in answer.headers) == secure
    assert re.match(r"[\w-]+=", cookie)


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(
    ("subdomains", "said"), [(False, "max-age=31536000"), (True, "max-age=31536000; includeSubDomains")]
)
def test_files_ask_for_tls_as_pages_do(make_app, subdomains, said):
    app = make_app(base_url="https://dofc.test", hsts_subdomains=subdomains)
    client = Client(app, "https://dofc.test")
    for path in ("/sign-in", app.jinja_env.globals["asset_url"]("css/site.css"), "/static/nothing.css"):
        assert client.get(path, checked=False).headers["Strict-Transport-Security"] == said


def test_a_page_that_needs_no_form_sets_no_cookie(client):
    assert client.get("/").headers.get_all("Set-Cookie") == []


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "dofc.test.evil.example"])
def test_links_in_mails_never_lead_to_the_host_that_a_client_names(client, token, reading, host):
    page = client.get("/editions/2027/lost-link")
    form, cookie = page.form(), page.headers["Set-Cookie"].partition(";")[0]
    with reading() as session:
        (first,) = letters(session)
    client.app.test_client(use_cookies=False).post(
        "/editions/2027/lost-link",
        data={"csrf_token": form.value("csrf_token"), "email": first.recipient},
        headers={"Host": host, "X-Forwarded-Host": host, "Cookie": cookie},
    )
    with reading() as session:
        message: Message = letters(session)[-1]
    assert message.kind == "registration-link"
    assert "evil.example" not in message.text + message.html
