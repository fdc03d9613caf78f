"""An API server that answers what a test tells it, to see what the client makes of each answer."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from clients.addresses import Addresses
from clients.kubernetes.connection import Cluster, ClusterAccess
from clients.kubernetes.objects import Objects


@dataclass(frozen=True)
class Asked:
    """One request as it came in."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any


Reply = tuple[int, Any] | list[dict[str, Any]] | None
"""Status and body; or the events of a watch; or None to hang up without an answer."""


@dataclass
class Script:
    """Answers by path, the newest rule first; `asked` is what came in."""

    endpoint: str = ""
    asked: list[Asked] = field(default_factory=list)
    rules: dict[str, Callable[[Asked], Reply]] = field(default_factory=dict)
    clients: list[Objects] = field(default_factory=list)

    def on(self, path: str, *replies: Reply) -> None:
        """Answer the requests to a path one after the other; the last answer stays."""
        left = list(replies)
        self.rules[path] = lambda asked: left.pop(0) if len(left) > 1 else left[0]

    def objects(self) -> Objects:
        """Return a client."""
        self.clients.append(Objects(Cluster(ClusterAccess(self.endpoint, ""), Addresses(token="token-of-the-test"))))
        return self.clients[-1]

    def paths(self, method: str = "") -> list[str]:
        """Return the paths that were asked."""
        return [asked.path for asked in self.asked if asked.method.startswith(method)]


def _handler(script: Script) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            parts = urlsplit(self.path)
            content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            body = json.loads(content) if content else None
            asked = Asked(self.command, parts.path, dict(parse_qsl(parts.query)), dict(self.headers), body)
            script.asked.append(asked)
            rule = script.rules.get(parts.path, lambda asked: (404, {"reason": "NotFound", "message": "not found"}))
            reply = rule(asked)
            if reply is None:
                self.close_connection = True
                return
            if isinstance(reply, list):
                self._stream(reply)
                return
            status, body = reply
            self._send(status, body if isinstance(body, bytes) else json.dumps(body).encode())

        def _send(self, status: int, content: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def _stream(self, events: list[dict[str, Any]]) -> None:
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for event in events:
                line = json.dumps(event).encode() + b"\n"
                self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
            self.wfile.write(b"0\r\n\r\n")

        do_GET = do_PATCH = do_DELETE = answer

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Handler


@pytest.fixture
def script() -> Iterator[Script]:
    """An API server without any answer yet."""
    script = Script()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(script))
    server.daemon_threads = True
    script.endpoint = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield script
    for client in script.clients:
        client.cluster.close()
    server.shutdown()
    thread.join()
    server.server_close()
