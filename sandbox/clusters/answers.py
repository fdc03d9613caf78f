"""Answers what a cluster's API server would pass on to a pod or a kubelet: the service proxy and pods' logs.

No pod runs here, so nothing behind the API server could. A real one without kubelets cannot answer these either.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.clusters.gateway import bearer_of
from sandbox.clusters.services import ReadyAddresses, answer_service, status_body

_LOG = re.compile(r"/api/v1/namespaces/(?P<namespace>[^/]+)/pods/(?P<name>[^/]+)/log")

# Takes (namespace, pod) and returns what it logs, or None where there is no such pod.
PodLog = Callable[[str, str], str | None]


@dataclass(frozen=True)
class Answers:
    """An ASGI application around a cluster's API server."""

    app: ASGIApp
    token: str
    ready_addresses: ReadyAddresses
    pod_log: PodLog

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or leave it to the API server."""
        is_known = scope["type"] == "http" and bearer_of(scope) == self.token
        response = self._answer(scope["method"], scope["path"]) if is_known else None
        await (response or self.app)(scope, receive, send)

    def _answer(self, method: str, path: str) -> Response | None:
        proxied = answer_service(method, path, self.ready_addresses)
        if proxied is not None:
            return JSONResponse(proxied[1], proxied[0])
        match = _LOG.fullmatch(path) if method == "GET" else None
        if match is None:
            return None
        line = self.pod_log(match["namespace"], match["name"])
        if line is None:
            return JSONResponse(status_body(404, "NotFound", f'pods "{match["name"]}" not found'), 404)
        return PlainTextResponse(line + "\n")
