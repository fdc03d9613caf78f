"""The API server of one cluster as an ASGI application.

Everything runs on the event loop, one request at a time: requests are short, and so writes need no locks among each
other. Watches wait on queues of their own.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from sandbox.kubernetes import crds, discovery, openapi, system
from sandbox.kubernetes.cluster import Cluster
from sandbox.kubernetes.negotiation import choose_form
from sandbox.kubernetes.paths import Target, parse_target
from sandbox.kubernetes.status import ApiError, internal_error, not_implemented, unauthorized, unknown_path
from sandbox.kubernetes.storage import Store
from sandbox.kubernetes.verbs import Call, answer

Object = dict[str, Any]

_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
# What a real cluster tells anyone (`system:public-info-viewer`).
_PUBLIC = ("/healthz", "/livez", "/readyz", "/version")
_NOT_PLAYED = ("/metrics", "/logs", "/.well-known", "/debug", "/statusz", "/flagz")


def create_app(objects: Path, token: str) -> Starlette:
    """Return the API server of the cluster whose objects are in a SQLite file.

    Args:
        objects: The database; it is made where it is missing. `ca.pem` beside it is what pods would trust.
        token: The one bearer token that is accepted; it may do everything.
    """
    cluster = Cluster(Store(objects), certificate_authority=_read_authority(objects))
    crds.serve_stored(cluster.store, cluster.registry)
    system.be_born(cluster)
    server = _Server(cluster, token)
    app = Starlette(routes=[Route("/{path:path}", server.handle, methods=_METHODS)])
    app.state.close = cluster.store.close
    app.state.cluster = cluster
    return app


def _read_authority(objects: Path) -> str:
    path = objects.with_name("ca.pem")
    return path.read_text() if path.exists() else ""


class _Server:
    """Answers requests: who asks, what for, and in which form."""

    def __init__(self, cluster: Cluster, token: str) -> None:
        self._cluster = cluster
        self._token = token

    async def handle(self, request: Request) -> Response:
        """Answer one request."""
        try:
            self._authenticate(request)
            target = parse_target(request.url.path)
            if target is not None:
                return await self._answer_resource(request, target)
            return self._answer_path(request)
        except ApiError as error:
            return _json(error.body(), error.code)
        except Exception as error:
            import logging

            logging.getLogger(__name__).exception("%s %s", request.method, request.url.path)
            return _json(internal_error(f"{type(error).__name__}: {error}").body(), 500)

    def _authenticate(self, request: Request) -> None:
        given = request.headers.get("authorization", "")
        if not given and request.url.path.startswith(_PUBLIC):
            return
        kind, _, token = given.partition(" ")
        if kind.lower() != "bearer" or not hmac.compare_digest(token.encode(), self._token.encode()):
            raise unauthorized()

    async def _answer_resource(self, request: Request, target: Target) -> Response:
        resource = self._cluster.registry.find(target.group, target.version, target.resource)
        if resource is None or (target.namespace and not resource.namespaced):
            if target.group not in self._cluster.registry.groups():
                return _no_such_path()
            raise unknown_path()
        call = Call(
            cluster=self._cluster,
            resource=resource,
            target=target,
            method=request.method,
            query=_first_values(request),
            content_type=request.headers.get("content-type", ""),
            body=await request.body(),
            form=choose_form(request.headers.get("accept", "")),
            user_agent=request.headers.get("user-agent", ""),
            token=self._token,
        )
        return answer(call)

    def _answer_path(self, request: Request) -> Response:
        path = request.url.path.rstrip("/") or "/"
        if path.startswith(("/healthz", "/livez", "/readyz")):
            return PlainTextResponse("ok")
        if path == "/version":
            return _json(discovery.VERSION)
        if path.startswith("/openapi/"):
            known, accepted = request.headers.get("if-none-match", ""), request.headers.get("accept", "")
            return openapi.answer(self._cluster.registry, path, known, accepted)
        if path.startswith(_NOT_PLAYED):
            raise not_implemented(f"{request.method} {path}")
        return self._answer_discovery(path, request.headers.get("accept", ""))

    def _answer_discovery(self, path: str, accept: str) -> Response:
        registry = self._cluster.registry
        if path in ("/api", "/apis"):
            if discovery.wants_aggregated(accept):
                body = discovery.aggregated(registry, core=path == "/api")
                return _json(body, media_type=discovery.AGGREGATED)
            return _json(discovery.api_versions() if path == "/api" else discovery.group_list(registry))
        parts = path.strip("/").split("/")
        found: Object | None = None
        if parts[0] == "api" and len(parts) == 2:
            found = discovery.resource_list(registry, "", parts[1])
        elif parts[0] == "apis" and len(parts) == 2:
            found = discovery.group(registry, parts[1])
        elif parts[0] == "apis" and len(parts) == 3:
            found = discovery.resource_list(registry, parts[1], parts[2])
        elif path == "/":
            found = {"paths": ["/api", "/api/v1", "/apis", *_PUBLIC, "/openapi/v2", "/openapi/v3"]}
        return _no_such_path() if found is None else _json(found)


def _first_values(request: Request) -> Mapping[str, str]:
    return {key: request.query_params.getlist(key)[0] for key in request.query_params}


def _no_such_path() -> Response:
    return PlainTextResponse("404 page not found\n", 404)


def _json(body: Object, status: int = 200, media_type: str = "application/json") -> Response:
    text = json.dumps(body, separators=(",", ":"))
    return Response(text, status, headers={"content-type": media_type})
