"""Failures on demand for clusters: the same faults as for services, met by users' calls, never by the cluster's own."""

from __future__ import annotations

import asyncio

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.connections import drop_connection
from sandbox.kernel.faults import Fault, Faults

REASON = {
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    409: "Conflict",
    422: "Invalid",
    429: "TooManyRequests",
    500: "InternalError",
    503: "ServiceUnavailable",
    504: "Timeout",
}
"""Source: https://github.com/kubernetes/apimachinery/blob/v0.33.0/pkg/apis/meta/v1/types.go (StatusReason)."""


def faulty(app: ASGIApp, key: str, faults: Faults) -> ASGIApp:
    """Return an application that fails where a fault says so, and is `app` elsewhere.

    Args:
        app: A cluster's API server.
        key: "PROJECT/LOCATION/NAME"; a fault's path is searched for in "/kubernetes/PROJECT/LOCATION/NAME/api/…".
        faults: The faults in force.
    """

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        fault = faults.match(scope["method"], f"/kubernetes/{key}{_target(scope)}") if _is_call(scope) else None
        if fault is None:
            await app(scope, receive, send)
            return
        await asyncio.sleep(fault.delay_seconds)
        if fault.reset:
            drop_connection(scope)
        elif fault.status:
            await JSONResponse(_status(fault), fault.status)(scope, receive, send)
        else:
            await app(scope, receive, send)

    return answer


def _is_call(scope: Scope) -> bool:
    return bool(scope["type"] == "http")


def _target(scope: Scope) -> str:
    query = scope["query_string"].decode("latin-1")
    return f"{scope['path']}?{query}" if query else str(scope["path"])


def _status(fault: Fault) -> dict[str, object]:
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": fault.message or f"Injected fault {fault.status}",
        "reason": fault.reason or REASON.get(fault.status, ""),
        "code": fault.status,
    }
