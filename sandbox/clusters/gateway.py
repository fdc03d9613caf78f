"""What stands between a cluster's TLS port and its API server: the call log and the controller's token.

The controller comes with a token of its own, by which its calls are told from a user's; the API server behind knows
only the sandbox's token, so the gateway exchanges it. A call is logged when its answer starts: a watch never
ends.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from urllib.parse import parse_qs

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.clusters.calls import CONTROLLER, USER, CallLog, is_mutating


@dataclass(frozen=True)
class Gateway:
    """An ASGI application around a cluster's API server.

    Attributes:
        app: Answers the controller.
        users_app: Answers everybody else.
    """

    app: ASGIApp
    users_app: ASGIApp
    cluster: str
    token: str
    controller_token: str
    call_log: CallLog

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        actor = CONTROLLER if bearer_of(scope) == self.controller_token else USER
        is_dry_run = False
        if scope["method"] == "DELETE":
            # kubectl puts a deletion's dry run into the body.
            receive, is_dry_run = await _peek_dry_run(receive)
        send = self._recording(scope, send, actor, is_dry_run)
        if actor == CONTROLLER:
            await self.app(_with_bearer(scope, self.token), receive, send)
        else:
            await self.users_app(scope, receive, send)

    def _recording(self, scope: Scope, send: Send, actor: str, is_dry_run: bool) -> Send:
        started = time.monotonic()
        method, path = scope["method"], scope["path"]
        query = parse_qs(scope["query_string"].decode("latin-1"))

        async def recording_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                status = message["status"]
                self.call_log.record(
                    method=method,
                    service=f"kubernetes/{self.cluster}",
                    path=path,
                    status=status,
                    ms=round((time.monotonic() - started) * 1000, 1),
                    mutating=is_mutating(method, path, query, status=status, actor=actor, is_dry_run=is_dry_run),
                    actor=actor,
                )
            await send(message)

        return recording_send


def bearer_of(scope: Scope) -> str:
    """Return the token that a request carries, "" for none."""
    for name, value in scope["headers"]:
        if name == b"authorization":
            text: str = value.decode("latin-1")
            return text.partition(" ")[2]
    return ""


def _with_bearer(scope: Scope, token: str) -> Scope:
    headers = [(name, value) for name, value in scope["headers"] if name != b"authorization"]
    return {**scope, "headers": [*headers, (b"authorization", f"Bearer {token}".encode())]}


async def _peek_dry_run(receive: Receive) -> tuple[Receive, bool]:
    body = b""
    message = await receive()
    while message["type"] == "http.request":
        body += message.get("body", b"")
        if not message.get("more_body", False):
            break
        message = await receive()
    pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return pending.pop() if pending else await receive()

    return replay, _asks_dry_run(body)


def _asks_dry_run(body: bytes) -> bool:
    try:
        options = json.loads(body) if body else {}
    except ValueError:
        return False
    return isinstance(options, dict) and "All" in (options.get("dryRun") or [])
