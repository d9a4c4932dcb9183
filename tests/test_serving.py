"""Slow lines, large bodies and the end of the site, at gunicorn as it is configured."""

import contextlib
import os
import signal
import socket
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from typing import Any

import pytest
from sqlalchemy import make_url
from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.task import ThreadedTaskDispatcher

from dofc_events import serving
from dofc_events.core.audit import COMMAND
from dofc_events.core.clock import now
from dofc_events.delegates.queries import proof_of
from dofc_events.registration.own.files.service import Who, add_file
from dofc_events.web.attachments.rules import MAX_BYTES, CheckedFile
from dofc_events.web.attachments.shared import WRAPPING
from tests.races.visitors import registration_form, send
from tests.support import uploads
from tests.support.factories import make_edition, make_question, make_registration
from tests.support.network import NetworkClient
from tests.support.site import Site

pytestmark = pytest.mark.databases("sqlite")

SLOW = 200
VISITORS = 50
# Nobody waits longer, in seconds, whatever others do.
PROMISED = 2

HALF_A_HEADER = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "
HALF_A_BODY = b"POST /sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\nemail="


def visit(port: int) -> tuple[int, float]:
    began = time.perf_counter()
    status = ask(port, "GET", "/")[0]
    return status, time.perf_counter() - began


def ask(port: int, *request: Any, **options: Any) -> tuple[int, str]:
    """The status and the body of one answer."""
    with contextlib.closing(HTTPConnection("127.0.0.1", port, timeout=20)) as connection:
        connection.request(*request, **options)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


def test_two_hundred_slow_lines_hold_nobody_up(live_server, database_url):
    port = live_server(database_url, workers=2).port
    slow = [socket.create_connection(("127.0.0.1", port)) for _ in range(SLOW)]
    for number, line in enumerate(slow):
        line.sendall(HALF_A_HEADER if number % 2 else HALF_A_BODY)
    with ThreadPoolExecutor(VISITORS) as visitors:
        answers = list(visitors.map(visit, [port] * VISITORS))
    for line in slow:
        line.close()
    assert {status for status, _ in answers} == {200}
    assert max(seconds for _, seconds in answers) < PROMISED


def test_every_body_that_a_page_takes_reaches_it():
    assert MAX_BYTES + WRAPPING < serving.LARGEST_BODY


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_that_is_too_large_is_refused_on_a_page_of_ours(live_server, database_url, chunked):
    site = live_server(database_url)
    body = b"email=" + b"x" * serving.LARGEST_BODY
    form = {"Content-Type": "application/x-www-form-urlencoded"} | ({"Transfer-Encoding": "chunked"} if chunked else {})
    content = iter([body]) if chunked else body
    status, page = ask(site.port, "POST", "/sign-in", content, form, encode_chunked=chunked)
    assert status == 413 and "shorten your longest answers" in page


def test_who_is_served_when_the_site_is_stopped_gets_an_answer(live_server, database_url, writing):
    with writing() as session:
        year = make_edition(session, now=now()).year
    site = live_server(database_url)
    form = registration_form(NetworkClient(site.url), year, "person@dofc.test")
    with ThreadPoolExecutor() as people, contextlib.closing(sqlite3.connect(make_url(database_url).database)) as other:
        other.execute("BEGIN IMMEDIATE")
        answer = people.submit(send, form)
        time.sleep(0.5)
        os.kill(site.server.pid, signal.SIGTERM)
        time.sleep(0.5)
        other.rollback()
        assert answer.result().status == 303
    assert site.server.wait(10) == 0


@pytest.fixture
def serve() -> Iterator[Callable[..., int]]:
    """`serve(wsgi)`: an application on a port of its own, with the connections of a process of ours."""
    over = threading.Event()
    running = []

    def begin(wsgi) -> int:
        listener = socket.create_server(("127.0.0.1", 0))
        channels: dict[int, Any] = {}
        threads = ThreadedTaskDispatcher()
        threads.set_thread_count(1)
        server = serving.make_server(wsgi, listener, channels, threads, threads)

        def run():
            while not over.is_set():
                wasyncore.poll2(0.1, channels)
            threads.shutdown()
            wasyncore.close_all(channels)
            server.trigger.close()

        running.append(threading.Thread(target=run))
        running[-1].start()
        return listener.getsockname()[1]

    yield begin
    over.set()
    for thread in running:
        thread.join()


def hello(environ, start_response):
    start_response("200 OK", [("Content-Length", "5")])
    return [b"Hello"]


def failing(environ, start_response):
    raise RuntimeError("The application failed.")


def is_open(line: socket.socket) -> bool:
    """Whether it takes another byte, and nobody has ended it."""
    try:
        line.sendall(b"x")
        return line.recv(1) != b""
    except TimeoutError:
        return True
    except ConnectionError:
        return False


@pytest.mark.parametrize("half", [HALF_A_HEADER, HALF_A_BODY], ids=["header", "body"])
def test_a_byte_now_and_then_keeps_no_connection_open(serve, monkeypatch, half):
    monkeypatch.setattr(serving, "PATIENCE", 1)
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", serve(hello)), timeout=10) as line:
        line.sendall(half)
        line.settimeout(0.1)
        while is_open(line):
            assert time.monotonic() < began + 10


HOUR = 3600


@pytest.mark.parametrize("moved", [HOUR, -HOUR], ids=["forward", "back"])
def test_a_clock_that_is_set_neither_ends_connections_nor_keeps_them_open(serve, monkeypatch, moved):
    monkeypatch.setattr(serving, "PATIENCE", 2)
    port, of_the_wall = serve(hello), time.time
    with socket.create_connection(("127.0.0.1", port), timeout=0.1) as line:
        line.sendall(HALF_A_HEADER)
        time.sleep(0.5)
        monkeypatch.setattr(time, "time", lambda: of_the_wall() + moved)
        began = time.monotonic()
        while is_open(line):
            assert time.monotonic() < began + 10
    assert time.monotonic() - began > 1


def test_of_too_many_connections_the_idlest_end(serve, monkeypatch):
    monkeypatch.setattr(serving, "CONNECTIONS", 5)
    port = serve(hello)
    first, *others = [socket.create_connection(("127.0.0.1", port), timeout=10) for _ in range(6)]
    assert first.recv(1) == b""
    assert visit(port)[0] == 200
    for line in (first, *others):
        line.close()


@pytest.mark.parametrize("is_read", [False, True], ids=["nothing is read", "the form is read"])
def test_where_temporary_files_have_no_room_the_site_says_so_and_asks_for_the_file_again(
    serve, make_app, writing, monkeypatch, capsys, is_read
):
    with writing() as session:
        make_question(session, edition := make_edition(session, now=now()), "cv", "file")
        page = f"/registrations/{proof_of(make_registration(session, edition))}/files"
    app = make_app()
    client = NetworkClient(f"http://127.0.0.1:{serve(app)}")
    form = client.get(page).form("form[action$='files/cv']").fill(file=("cv.pdf", uploads.pdf() + bytes(1024 * 1024)))
    if is_read:
        # A body has room, and the file that is in it has none.
        monkeypatch.setattr(Adjustments, "inbuf_overflow", 4 * 1024 * 1024)
    with monkeypatch.context() as patched:
        patched.setattr(tempfile, "tempdir", "/nowhere/at/all")
        answer = form.submit()
    assert (answer.status, answer.headers["Retry-After"]) == (503, "30")
    assert ("Choose “cv.pdf” again" if is_read else "Go back") in answer.text
    said = capsys.readouterr().err
    assert said.count("No such file") == 1 and "Traceback" not in said
    assert form.submit().status == 422, "it is no PDF"


def test_a_large_file_is_sent_where_temporary_files_have_no_room(serve, make_app, writing, monkeypatch, caplog):
    app, large = make_app(), bytes(2 * 1024 * 1024)
    with writing() as session:
        make_question(session, edition := make_edition(session, now=now()), "cv", "file")
        person = make_registration(session, edition)
        with app.app_context():
            add_file(session, person.id, "cv", CheckedFile("cv.pdf", "application/pdf", large), Who(COMMAND), now())
        path = f"/registrations/{proof_of(person)}/files/cv"
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere/at/all")
    assert ask(serve(app), "GET", path) == (200, large.decode())
    assert "Exception" not in caplog.text


def test_what_fails_is_logged_without_the_address_which_may_be_a_link_that_acts(serve, caplog):
    assert ask(serve(failing), "GET", "/registrations/secret")[0] == 500
    assert "The application failed." in caplog.text and "secret" not in caplog.text


def test_an_application_that_says_nothing_of_large_bodies_is_served_too(tmp_path):
    """As those are to which registrations are compared."""
    site = Site("", tmp_path)
    try:
        site.serve(1, "benchmarks.bare:app")
        assert visit(site.port)[0] == 200
    finally:
        site.stop()
