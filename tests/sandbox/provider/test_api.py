"""Calls over real HTTP: address, token, paths, and which answers are tried again."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from sandbox.provider import api as api_module
from sandbox.provider.api import Api
from sandbox.provider.errors import ApiFailure, ConfigurationError, ConnectionCut, Gone, ProviderError
from sandbox.provider.settings import Settings

Json = dict[str, Any]


class Server(ThreadingHTTPServer):
    """Answers with what is planned, one after the other."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.planned: list[tuple[int, Json]] = []
        self.seen: list[Json] = []


class Handler(BaseHTTPRequestHandler):
    """Takes note of a request."""

    server: Server
    protocol_version = "HTTP/1.1"

    def answer(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.seen.append({"method": self.command, "path": self.path, "headers": dict(self.headers), "body": raw})
        status, body = self.server.planned.pop(0)
        if not status:
            self.close_connection = True
            return
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_DELETE = answer

    def log_message(self, format: str, *arguments: Any) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def api(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    monkeypatch.setattr(api_module, "RETRY_SECONDS", (0.0, 0.0))
    address = f"http://127.0.0.1:{server.server_address[1]}"
    endpoints = {"compute": f"{address}/compute/v1/", "storage": f"{address}/s/storage/v1/"}
    api = Api(Settings(token="secret", endpoints=endpoints))
    yield api
    api.close()


def test_a_call_carries_token_path_and_query(api: Api, server: Server) -> None:
    server.planned = [(200, {"a": 1})]
    assert api.call("compute", "POST", "projects/p/x", {"b": 2}, {"q": "a b"}) == {"a": 1}
    (seen,) = server.seen
    assert seen["path"] == "/compute/v1/projects/p/x?alt=json&q=a+b"
    assert seen["headers"]["Authorization"] == "Bearer secret"
    assert json.loads(seen["body"]) == {"b": 2}


def test_an_upload_goes_below_the_root(api: Api, server: Server) -> None:
    server.planned = [(200, {})]
    api.upload("b", "a/b c", {"contentType": "text/plain"}, b"\x00content", "text/plain")
    (seen,) = server.seen
    assert seen["path"] == "/upload/storage/v1/b/b/o?alt=json&name=a%2Fb+c&uploadType=multipart"
    boundary = seen["headers"]["Content-Type"].partition("boundary=")[2].encode()
    _, head, media, end = seen["body"].split(b"--" + boundary)
    assert json.loads(head.partition(b"\r\n\r\n")[2]) == {"contentType": "text/plain"}
    assert media.partition(b"\r\n\r\n")[2] == b"\x00content\r\n"
    assert end == b"--\r\n"


def failure(code: int, message: str = "m", reason: str = "r") -> tuple[int, Json]:
    errors = [{"reason": reason, "message": message}]
    return code, {"error": {"code": code, "message": message, "errors": errors}}


@pytest.mark.parametrize(
    ("answer", "is_tried_again"),
    [
        (failure(429), True),
        (failure(500), True),
        (failure(502), True),
        (failure(503), True),
        (failure(504), False),
        (failure(501), False),
        (failure(400), False),
        (failure(403), False),
        (failure(403, "Quota exceeded for quota metric 'x' and limit 'y per minute' of service"), True),
        (failure(409), False),
        (failure(409, reason="operationInProgress"), True),
        (failure(400, reason="resourceNotReady"), True),
    ],
)
def test_which_answers_are_tried_again(
    answer: tuple[int, Json], is_tried_again: bool, api: Api, server: Server
) -> None:
    server.planned = [answer, (200, {"done": True})]
    if is_tried_again:
        assert api.call("compute", "POST", "x") == {"done": True}
    else:
        with pytest.raises(ApiFailure) as raised:
            api.call("compute", "POST", "x")
        assert raised.value.code == answer[0]
        assert len(server.seen) == 1


def test_a_connection_that_is_cut_is_opened_again(api: Api, server: Server) -> None:
    server.planned = [(0, {}), (200, {"a": 1}), (0, {}), (0, {}), (200, {"b": 2})]
    assert api.call("compute", "POST", "x", {}) == {"a": 1}
    assert api.call("compute", "POST", "x", {}) == {"b": 2}
    server.planned = [(0, {})] * 4
    with pytest.raises(ConnectionCut, match="POST http"):
        api.call("compute", "POST", "x", {})


def test_patience_ends(api: Api, server: Server) -> None:
    server.planned = [failure(503)] * 3
    with pytest.raises(ApiFailure, match="Error 503: m, r"):
        api.call("compute", "POST", "x")


def test_an_absent_object_is_gone(api: Api, server: Server) -> None:
    server.planned = [failure(404), failure(404)]
    with pytest.raises(Gone):
        api.get("compute", "x")
    with pytest.raises(ApiFailure):
        api.call("compute", "DELETE", "x")


def test_an_api_without_an_address_is_never_guessed(api: Api) -> None:
    with pytest.raises(ConfigurationError, match="GOOGLE_SQL_CUSTOM_ENDPOINT"):
        api.get("sqladmin", "x")


def test_an_address_where_nobody_listens_is_named() -> None:
    api = Api(Settings(token="secret", endpoints={"compute": "http://127.0.0.1:9/compute/v1/"}))
    with pytest.raises(ProviderError, match=r"GET http://127.0.0.1:9/compute/v1/x.*refused") as raised:
        api.get("compute", "x")
    assert "secret" not in str(raised.value)
