"""How a process of gunicorn's reads requests: nobody's slow line holds a thread that others could use."""

import logging
import math
import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from copy import copy
from io import BytesIO
from socket import socket
from typing import Any

from gunicorn.workers.base import Worker
from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.buffers import OverflowableBuffer
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import TcpWSGIServer
from waitress.task import ThreadedTaskDispatcher
from waitress.utilities import RequestEntityTooLarge

from dofc_events.core.errors import RequestLost, without_address

# A request has this long to arrive, in seconds, and a second more for so many bytes that came: a telephone at the edge
# of its network sends as fast.
PATIENCE = 30
SLOWEST = 10 * 1024
# How often connections are looked at for whether they have been idle for too long, in seconds.
LOOK_EVERY = 1

# An open connection costs a few kilobytes; when there are more, those that have been idle for longest are closed.
CONNECTIONS = 1000

LARGEST_HEADER = 32 * 1024
# More than any page takes; what is too large for which of them is the application's to say.
LARGEST_BODY = 11 * 1024 * 1024
# Many photographs at once, from somebody who is signed in (see `web/bodies.py`): kept in a file, never in memory.
LARGEST_OF_ALL = 513 * 1024 * 1024

# What is too large is read nevertheless, and thrown away, up to here: who still sends could not read the answer.
READ_AT_MOST = 100 * 1024 * 1024


logging.getLogger("waitress").addFilter(without_address)
# Requests that wait for a thread are no news.
logging.getLogger("waitress.queue").setLevel(logging.ERROR)


class _Nowhere:
    """Takes the place of a body that is too large."""

    def append(self, data: bytes) -> None:
        pass

    def __len__(self) -> int:
        return 0

    def getfile(self) -> BytesIO:
        return BytesIO()

    def close(self) -> None:
        pass


class _Lost(BytesIO):
    """What cannot be read, because there was no room for it."""

    def __init__(self, why: OSError) -> None:
        super().__init__()
        self._why = why

    def read(self, size: int | None = -1) -> bytes:
        raise RequestLost from self._why

    readinto = readline = read  # type: ignore[assignment]


class _Body(OverflowableBuffer):
    """What has arrived of a body: if there is no room for it, it is thrown away, and who reads it is told."""

    _why: OSError | None = None

    def append(self, data: bytes) -> None:
        if self._why is None:
            try:
                super().append(data)
            except OSError as error:
                # The room that it has taken is free at once.
                self._why = error.with_traceback(None)
                self.close()

    def getfile(self) -> Any:
        return super().getfile() if self._why is None else _Lost(self._why)

    def close(self) -> None:
        with suppress(OSError):
            super().close()


class _Parser(HTTPRequestParser):
    """Leaves it to the application to refuse what is too large or cannot be kept, on a page of its own."""

    adj: Any
    error: Any = None
    body_rcv: Any
    # Of what is no request there is none.
    command = ""

    def parse_header(self, header_plus: bytes) -> None:
        super().parse_header(header_plus)
        if self.body_rcv is not None:
            self.body_rcv.buf = _Body(self.adj.inbuf_overflow)
        if self.adj.takes_much(self.path, self.headers.get("COOKIE", "")):
            self.adj = self.adj.generous

    def received(self, data: bytes) -> int:
        consumed: int = super().received(data)
        if isinstance(self.error, RequestEntityTooLarge):
            self.error = None
            self.body_rcv.buf = _Nowhere()
            self.headers["CONTENT_LENGTH"] = str(max(self.content_length, self.adj.max_request_body_size))
            self.completed = self.body_rcv.completed
            if max(self.content_length, self.body_bytes_received) > READ_AT_MOST:
                self.completed, self.headers["CONNECTION"] = True, "close"
        return consumed


class _Adjustments(Adjustments):
    """The settings of a server; `generous` are those for requests that may be large, as `takes_much` says."""

    def __init__(self, takes_much: Callable[[str, str], bool], **settings: Any) -> None:
        super().__init__(**settings)
        self.takes_much = takes_much
        self.generous = copy(self)
        self.generous.max_request_body_size = LARGEST_OF_ALL


def _takes_little(path: str, cookies: str) -> bool:
    """Of an application that does not say which of its requests may be large, none may."""
    return False


class _Channel(HTTPChannel):
    """Counts the time since a request began: to send a byte now and then keeps no connection open."""

    parser_class = _Parser
    _begun = 0.0
    _active_at = 0.0

    @property
    def last_activity(self) -> float:
        return self._active_at

    @last_activity.setter
    def last_activity(self, by_the_wall: float) -> None:
        """Waitress says the time of a clock that somebody may set; this keeps that of one that nobody sets."""
        self._active_at = time.monotonic()

    def __repr__(self) -> str:
        """For the log, which has nobody's network address."""
        return f"<connection {self.fileno()}>"

    def received(self, data: bytes) -> bool:
        now = time.monotonic()
        begun = now if self.request is None else min(now, self._begun + len(data) / SLOWEST)
        self._active_at = self._begun = begun
        return bool(super().received(data))


class _Server(TcpWSGIServer):
    channel_class = _Channel
    # Waitress would look by the clock on the wall.
    next_channel_cleanup = math.inf
    _looked_at = -math.inf

    def __init__(self, *args: Any, writers: ThreadedTaskDispatcher, **options: Any) -> None:
        self.writers = writers
        super().__init__(*args, **options)

    def add_task(self, channel: _Channel) -> None:
        """What only reads never waits behind what writes, which may wait for a lock."""
        threads = self.writers if channel.requests[0].command == "POST" else self.task_dispatcher
        threads.add_task(channel)

    def readable(self) -> bool:
        now = time.monotonic()
        if now >= self._looked_at + LOOK_EVERY:
            self._looked_at = now
            self.maintenance(now)
        return bool(super().readable())

    def maintenance(self, now: float) -> None:
        super().maintenance(now)
        idle = sorted(
            (channel for channel in self.active_channels.values() if not channel.requests),
            key=lambda channel: channel.last_activity,
        )
        for channel in idle[: max(0, len(self.active_channels) - CONNECTIONS)]:
            channel.will_close = True

    def is_busy(self) -> bool:
        """Whether somebody waits for an answer, or for the rest of one."""
        return any(channel.requests or channel.total_outbufs_len for channel in self.active_channels.values())


class BufferingWorker(Worker):
    """A process of gunicorn's whose one loop reads whole requests and writes whole answers, with waitress's code.

    Threads get a request when it is there, and are done with it before the answer has left: `threads` of them work on
    what is sent by POST, as many on everything else.
    """

    _servers: Sequence[_Server] = ()

    def run(self) -> None:
        """Serve until stopped; then finish what was begun, for at most `graceful_timeout` seconds."""
        channels: dict[int, Any] = {}
        threads = ThreadedTaskDispatcher(), ThreadedTaskDispatcher()
        for pool in threads:
            pool.set_thread_count(self.cfg.threads)
        takes_much = self.wsgi.extensions.get("dofc_takes_much", _takes_little)
        self._servers = [make_server(self.wsgi, bound.sock, channels, *threads, takes_much) for bound in self.sockets]
        while self.alive and self.ppid == os.getppid():
            self._serve(channels)
        for server in self._servers:
            server.accepting = False
        until = time.monotonic() + self.cfg.graceful_timeout
        while time.monotonic() < until and any(server.is_busy() for server in self._servers):
            self._serve(channels)
        for pool in threads:
            pool.shutdown(timeout=0)

    def handle_exit(self, sig: int, frame: object) -> None:
        """Asked to stop: the loop may be waiting for somebody to say something."""
        super().handle_exit(sig, frame)
        for server in self._servers:
            server.pull_trigger()

    def _serve(self, channels: dict[int, Any]) -> None:
        self.notify()
        wasyncore.poll2(1.0 if self.alive else 0.05, channels)


def make_server(
    wsgi: Any,
    listener: socket,
    channels: dict[int, Any],
    readers: ThreadedTaskDispatcher,
    writers: ThreadedTaskDispatcher,
    takes_much: Callable[[str, str], bool] = _takes_little,
) -> _Server:
    """What reads and writes for `wsgi` on a socket that listens; its connections are kept in `channels`."""
    settings = _Adjustments(
        takes_much,
        ident=None,
        # They are for TRUSTED_PROXIES to judge.
        clear_untrusted_proxy_headers=False,
        max_request_body_size=LARGEST_BODY,
        max_request_header_size=LARGEST_HEADER,
        channel_timeout=PATIENCE,
        # Never reached: see CONNECTIONS.
        connection_limit=10 * CONNECTIONS,
    )
    address = (listener.family, listener.type, listener.proto, listener.getsockname())
    return _Server(
        wsgi,
        channels,
        _sock=listener,
        dispatcher=readers,
        writers=writers,
        adj=settings,
        sockinfo=address,
        bind_socket=False,
    )
