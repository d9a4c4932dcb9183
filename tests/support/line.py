"""The line to a PostgreSQL, which can be frozen and cut: to whoever is at its other end the server did it."""

import contextlib
import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.engine import make_url


class Line:
    """`url` is the database's address at this end."""

    def __init__(self, database_url: str) -> None:
        address = make_url(database_url)
        self._server = f"{address.query['host']}/.s.PGSQL.5432"
        self._open: set[socket.socket] = set()
        self._flows = threading.Event()
        self._flows.set()
        self._listener = socketserver.ThreadingTCPServer(("127.0.0.1", 0), self._carry, bind_and_activate=False)
        self._listener.request_queue_size = 200
        self._listener.daemon_threads = True
        self._listener.server_bind()
        self._listener.server_activate()
        at_this_end = address.set(host="127.0.0.1", port=self._listener.server_address[1], query={})
        self.url = at_this_end.render_as_string(hide_password=False)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """The server is stopped, but its machine is not: connections stay open, are made, and say nothing."""
        self._flows.clear()
        try:
            yield
        finally:
            self._flows.set()

    def cut(self) -> int:
        """End all connections, whatever they were about to say; returns how many."""
        ended = list(self._open)
        for end in ended:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        return len(ended) // 2

    def __enter__(self) -> "Line":
        threading.Thread(target=self._listener.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown()
        self._flows.set()
        self.cut()
        self._listener.server_close()

    def _carry(self, near: socket.socket, *_: object) -> None:
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as far:
            self._flows.wait()
            far.connect(self._server)
            self._open |= {near, far}
            answers = threading.Thread(target=self._pump, args=(far, near), daemon=True)
            answers.start()
            self._pump(near, far)
            answers.join()
            self._open -= {near, far}

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self._flows.wait()
                target.sendall(data)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
