"""Operations of APIs that speak google.longrunning, named below a location.

Source: https://cloud.google.com/apis/design/design_patterns#long_running_operations
"""

from __future__ import annotations

from typing import Any

from sandbox.kernel import operation_shapes
from sandbox.kernel.clock import rfc3339
from sandbox.kernel.errors import ApiError
from sandbox.kernel.operations import Operation
from sandbox.kernel.routes import Call

Json = dict[str, Any]
EMPTY: Json = {"@type": "type.googleapis.com/google.protobuf.Empty"}


def begin(call: Call, verb: str, target: str, real_seconds: float, response: Json, metadata_type: str) -> Json:
    """Begin an operation in the location of the path, and answer it.

    Args:
        call: The request; its path has `project` and `location`.
        verb: What is done: "create".
        target: The resource's name.
        real_seconds: How long it really takes.
        response: What it ends with, with its "@type".
        metadata_type: The "@type" of its metadata.
    """
    metadata = {
        "@type": metadata_type,
        "createTime": rfc3339(call.cloud.clock.now()),
        "target": target,
        "verb": verb,
        "requestedCancellation": False,
    }
    begun = call.cloud.operations.start(
        call.service,
        call.project,
        verb=verb,
        target=target,
        scope=f"locations/{call.params['location']}",
        real_seconds=real_seconds,
        response=response,
        metadata=metadata,
    )
    return _shape(call, begun)


def get_operation(call: Call) -> Json:
    """Answer an operation of the location."""
    found = call.cloud.operations.get(call.service, call.params["operation"])
    if (found.project, found.scope) != (call.project, f"locations/{call.params['location']}"):
        raise ApiError(404, f"Operation '{call.params['operation']}' was not found")
    return _shape(call, found)


def list_operations(call: Call) -> Json:
    """Answer the operations of the location, oldest first."""
    scope = f"locations/{call.params['location']}"
    begun = call.cloud.operations.of_project(call.service, call.project)
    return {"operations": [_shape(call, one) for one in begun if one.scope == scope]}


def _shape(call: Call, operation: Operation) -> Json:
    name = f"projects/{operation.project}/{operation.scope}/operations/{operation.name}"
    return operation_shapes.longrunning(operation, name, done=call.cloud.operations.is_done(operation))
