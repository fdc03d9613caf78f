"""The one HTTP port of the local Google Cloud, as an ASGI application.

`/HOST/…` is the Google service HOST, `/_sandbox/…` the control routes; whatever else is storage's XML path
`/BUCKET/OBJECT`, which Go's storage client reads at the root. Only this machine's own names are taken for a Host, and
only the sandbox's own tokens for a credential: a real one is refused before it is looked at.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from sandbox.connections import drop_connection
from sandbox.control.routes import CONTROL, Control, answer_control
from sandbox.kernel.calls import CallLog
from sandbox.kernel.cloud import Cloud
from sandbox.kernel.errors import ApiError, unimplemented
from sandbox.kernel.faults import Faults
from sandbox.kernel.principals import THE_OWNER, Principal
from sandbox.kernel.routes import Answer, Call, Route, find_route
from sandbox.services.catalogue import services
from sandbox.services.oauth2.routes import HOST as OAUTH2
from sandbox.services.permissions import check_access
from sandbox.services.registries.routes import HOSTS as REGISTRIES

STORAGE = "storage.googleapis.com"
LOCAL_HOSTS = ("127.0.0.1", "localhost")
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class App:
    """The ASGI application."""

    cloud: Cloud
    calls: CallLog
    faults: Faults
    control: Control

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        started = time.monotonic()
        service, path = _split(scope["raw_path"])
        whole = f"/{service}{path}" + (f"?{request.url.query}" if request.url.query else "")
        fault = None if service == CONTROL else self.faults.match(request.method, whole)
        await asyncio.sleep((fault.delay_seconds if fault else 0.0) + self._call_seconds(service))
        if fault and fault.reset:
            drop_connection(scope)
            return
        raw = await request.body()
        principal: Principal | None = None
        needed: Sequence[str] = ()
        try:
            principal = self._principal(request, service, path)
            if fault and fault.status:
                raise fault.error()
            answer, mutating, needed = await run_in_threadpool(self._answer, request, service, path, raw, principal)
        except ApiError as error:
            answer, mutating = Answer(error.body(), error.code), False
        except Exception:
            log.exception("%s %s", request.method, whole)
            failure = ApiError(500, f"The sandbox failed on {request.method} {whole}: see its log")
            answer, mutating = Answer(failure.body(), 500), False
        if service != CONTROL:
            self._record(request.method, service, path, answer, mutating, started, principal, needed)
        await _response(answer)(scope, receive, send)

    def _call_seconds(self, service: str) -> float:
        return 0.0 if service == CONTROL else self.cloud.latency.call_seconds

    def _principal(self, request: Request, service: str, path: str) -> Principal:
        if request.url.hostname not in LOCAL_HOSTS:
            raise ApiError(403, f"The sandbox answers on {' and '.join(LOCAL_HOSTS)} only")
        if (service == CONTROL and path == "/health") or service in REGISTRIES or service == OAUTH2:
            return THE_OWNER  # nobody need be known here, or becomes so by this very call
        given = request.headers.get("authorization", "").partition(" ")[2]
        principal = self.cloud.principals.find(given)
        if principal is None or (service == CONTROL and not principal.is_owner):
            raise ApiError(
                401,
                "Request had invalid authentication credentials: the sandbox takes its own token only "
                '(eval "$(mlops-env sandbox env)")',
            )
        return principal

    def _answer(
        self, request: Request, service: str, path: str, raw: bytes, principal: Principal
    ) -> tuple[Answer, bool, Sequence[str]]:
        if service == CONTROL:
            return answer_control(self.control, request.method, path, request.query_params, _json(raw)), False, ()
        route, params = self._route(request.method, service, path)
        if params.get("project", "-") != "-":
            params["project"] = self.cloud.projects.get(params["project"]).project_id
            self._check_enabled(route, service, params["project"], request)
        lists = parse_qs(request.url.query, keep_blank_values=True)
        is_json = "json" in request.headers.get("content-type", "json")
        call = Call(
            cloud=self.cloud,
            service=service,
            method=request.method,
            path=path,
            params=params,
            query={name: values[-1] for name, values in lists.items()},
            query_lists=lists,
            body=_json(raw) if is_json and not path.startswith("/upload/") else {},
            raw=raw,
            headers=dict(request.headers),
            principal=principal,
        )
        needed = check_access(call, route.template)
        found = route.handler(call)
        answer = found if isinstance(found, Answer) else Answer(found)
        return answer, route.mutating if answer.mutating is None else answer.mutating, needed

    def _check_enabled(self, route: Route, service: str, project: str, request: Request) -> None:
        consumer = request.headers.get("x-goog-user-project", "") if route.by_consumer else project
        if route.gated and consumer:
            self.cloud.projects.require(service, self.cloud.projects.get(consumer).project_id)

    def _route(self, method: str, service: str, path: str) -> tuple[Route, dict[str, str]]:
        known = services().get(service)
        if known is None:
            raise unimplemented(method, service, path)
        is_root = path.startswith("//")
        routes: Sequence[Route] = known.root_routes if is_root else known.routes
        found = find_route(routes, method, path[1:] if is_root else path)
        if found is None:
            raise unimplemented(method, service, path)
        route, params = found
        return route, {name: unquote(value) for name, value in params.items() if value is not None}

    def _record(
        self,
        method: str,
        service: str,
        path: str,
        answer: Answer,
        mutating: bool,
        started: float,
        principal: Principal | None,
        needed: Sequence[str],
    ) -> None:
        self.calls.record(
            method=method,
            service=service,
            path=path,
            status=answer.status,
            ms=round((time.monotonic() - started) * 1000, 1),
            mutating=mutating and answer.status < 400,
            bookkeeping=answer.bookkeeping,
            principal=principal.email if principal else "",
            permissions=needed,
        )


def _split(raw_path: bytes) -> tuple[str, str]:
    """Cut a path into service and the rest, escapes of the rest kept: an object's name may hold slashes.

    What no service's name begins is storage's at the root; its path then starts with two slashes.
    """
    first, _, rest = raw_path.decode("latin-1").lstrip("/").partition("/")
    if first == CONTROL or first in REGISTRIES or first.endswith(".googleapis.com"):
        return unquote(first), f"/{rest}"
    return STORAGE, f"//{first}/{rest}"


def _json(raw: bytes) -> dict[str, object]:
    if not raw.strip():
        return {}
    try:
        body = json.loads(raw)
    except ValueError:
        raise ApiError(400, "Invalid JSON payload received") from None
    if not isinstance(body, dict):
        raise ApiError(400, "Invalid JSON payload received: not an object")
    return body


def _response(answer: Answer) -> Response:
    headers = dict(answer.headers)
    if isinstance(answer.content, dict):
        return JSONResponse(answer.content, answer.status, headers)
    return Response(answer.content, answer.status, headers, answer.media_type if answer.content is not None else None)
