"""A real web server on this machine that takes alerts."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Webhook:
    """What was posted to `url`, in the order in which it came. `answer` is the status that it answers."""

    url: str = ""
    answer: int = 204
    alerts: list[dict[str, Any]] = field(default_factory=list)

    @property
    def troubles(self) -> list[list[str]]:
        return [alert["trouble"] for alert in self.alerts]


@contextmanager
def webhook() -> Iterator[Webhook]:
    """A server that runs until the block ends."""
    hook = Webhook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.headers["Content-Type"] == "application/json"
            hook.alerts.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(hook.answer)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        hook.url = f"http://127.0.0.1:{server.server_address[1]}/alerts"
        yield hook
        server.shutdown()
        thread.join(5)
