"""Requests about Compute Engine's operations: get, wait, list; global, of a region, of a zone.

Sources: https://cloud.google.com/compute/docs/reference/rest/v1 (globalOperations, regionOperations, zoneOperations)
"""

from __future__ import annotations

import time
from typing import Any

from sandbox.kernel import operation_shapes
from sandbox.kernel.errors import invalid, not_found
from sandbox.kernel.operations import Operation
from sandbox.kernel.pages import paginate
from sandbox.kernel.routes import Call
from sandbox.services.compute.filters import matcher
from sandbox.services.compute.references import HOST, reference_of

Json = dict[str, Any]
_LONGEST_WAIT_SECONDS = 30.0
"""The API says at most two minutes and may answer earlier; a thread of ours waits with it."""


def get(call: Call) -> Json:
    """Answer an operation."""
    return _shape(call, _found(call))


def wait(call: Call) -> Json:
    """Answer an operation when it is done, or after a while as it is."""
    operation = _found(call)
    left = operation.ready_at - call.cloud.clock.now()
    if left > 0:
        time.sleep(min(left, _LONGEST_WAIT_SECONDS))
    return _shape(call, operation)


def list_(call: Call) -> Json:
    """Answer the operations of one place."""
    scope = reference_of(call).scope
    matches = matcher(call.query.get("filter", ""))
    begun = _ordered(call.cloud.operations.of_project(HOST, call.project), call.query.get("orderBy", ""))
    shown = [_shape(call, operation) for operation in begun if operation.scope == scope]
    page, token = paginate([one for one in shown if matches(one)], call.query, size_key="maxResults")
    body: Json = {"kind": "compute#operationList", "items": page, "selfLink": call.cloud.link(HOST, call.path)}
    return {**body, "nextPageToken": token} if token else body


def _ordered(begun: list[Operation], order: str) -> list[Operation]:
    """Put operations in the order that was asked for: by name, or the newest first; there is no other."""
    if order == "creationTimestamp desc":
        return begun[::-1]
    if order not in ("", "name"):
        raise invalid(f"Invalid value for field 'orderBy': '{order}'.")
    return sorted(begun, key=lambda operation: operation.name)


def _found(call: Call) -> Operation:
    reference = reference_of(call)
    operation = call.cloud.operations.get(HOST, call.params["name"])
    if (operation.project, operation.scope) != (call.project, reference.scope):
        raise not_found(reference.path, f"The resource '{reference.path}' was not found")
    return operation


def _shape(call: Call, operation: Operation) -> Json:
    base = call.cloud.link(HOST, f"/compute/v1/projects/{call.project}")
    return operation_shapes.compute(operation, base, done=call.cloud.operations.is_done(operation))
