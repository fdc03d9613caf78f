"""Operations as each family of APIs writes them.

Sources: compute.v1 Operation, container.v1 Operation, sqladmin.v1beta4 Operation, google.longrunning.Operation.
"""

from __future__ import annotations

from typing import Any

from sandbox.kernel.clock import rfc3339
from sandbox.kernel.operations import Operation

Json = dict[str, Any]


def compute(operation: Operation, base: str, *, done: bool) -> Json:
    """Write a Compute Engine operation; `base` is ".../compute/v1/projects/P"."""
    body: Json = {
        "kind": "compute#operation",
        "id": str(int(operation.started_at * 1e6)),
        "name": operation.name,
        "operationType": operation.verb,
        "targetLink": operation.target,
        "status": "DONE" if done else "RUNNING",
        "progress": 100 if done else 30,
        "user": "sandbox@sandbox.invalid",
        "insertTime": rfc3339(operation.started_at),
        "startTime": rfc3339(operation.started_at),
        "selfLink": f"{base}/{operation.scope}/operations/{operation.name}",
    }
    kind, _, place = operation.scope.partition("/")
    if place:
        body[kind.removesuffix("s")] = f"{base}/{operation.scope}"
    if done:
        body["endTime"] = rfc3339(operation.ready_at)
        if operation.error:
            body["error"] = {"errors": [operation.error]}
            body["httpErrorStatusCode"] = 400
    return body


def container(operation: Operation, base: str, *, done: bool) -> Json:
    """Write a GKE operation; `base` is ".../v1/projects/NUMBER"."""
    location = operation.scope.partition("/")[2]
    body: Json = {
        "name": operation.name,
        "operationType": operation.verb,
        "status": "DONE" if done else "RUNNING",
        "selfLink": f"{base}/{operation.scope}/operations/{operation.name}",
        "targetLink": operation.target,
        "startTime": rfc3339(operation.started_at),
        "location": location,
        "zone": location,
    }
    if done:
        body["endTime"] = rfc3339(operation.ready_at)
        if operation.error:
            body["error"] = {"code": operation.error.get("code", 3), "message": operation.error["message"]}
            body["statusMessage"] = operation.error["message"]
    return body


def sqladmin(operation: Operation, base: str, *, done: bool) -> Json:
    """Write a Cloud SQL operation; `base` is ".../sql/v1beta4/projects/P"."""
    body: Json = {
        "kind": "sql#operation",
        "name": operation.name,
        "operationType": operation.verb,
        "status": "DONE" if done else "RUNNING",
        "user": "sandbox@sandbox.invalid",
        "targetId": operation.target.rsplit("/", 1)[-1],
        "targetLink": operation.target,
        "targetProject": operation.project,
        "insertTime": rfc3339(operation.started_at),
        "startTime": rfc3339(operation.started_at),
        "selfLink": f"{base}/operations/{operation.name}",
    }
    if done:
        body["endTime"] = rfc3339(operation.ready_at)
        if operation.error:
            body["error"] = {
                "kind": "sql#operationErrors",
                "errors": [{"kind": "sql#operationError", **operation.error}],
            }
    return body


def longrunning(operation: Operation, name: str, *, done: bool) -> Json:
    """Write a google.longrunning.Operation; `name` is its whole resource name."""
    body: Json = {"name": name, "done": done}
    if operation.metadata:
        body["metadata"] = operation.metadata
    if not done:
        del body["done"]
    elif operation.error:
        body["error"] = operation.error
    else:
        body["response"] = operation.response
    return body
