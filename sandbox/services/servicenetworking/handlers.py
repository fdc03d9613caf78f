"""Requests about private connections of Service Networking v1.

Source: https://cloud.google.com/service-infrastructure/docs/service-networking/reference/rest/v1/services.connections
A network is named by its project's number, and answers name it the same way.
"""

from __future__ import annotations

from typing import Any

from sandbox.kernel import operation_shapes
from sandbox.kernel.bodies import field, mask_paths
from sandbox.kernel.errors import invalid, not_found
from sandbox.kernel.routes import Call
from sandbox.services.compute.references import Reference
from sandbox.services.servicenetworking import store

Json = dict[str, Any]
_TYPE = "type.googleapis.com/google.cloud.servicenetworking.v1.Connection"
_EMPTY = {"@type": "type.googleapis.com/google.protobuf.Empty"}
_SECONDS = 40.0


def list_(call: Call) -> Json:
    """Answer the connections of one network."""
    _require_service(call)
    network = _network(call, call.query.get("network", ""))
    found = [_shown(call, network, one) for one in store.list_connections(call.cloud, network)]
    return {"connections": found} if found else {}


def create(call: Call) -> Json:
    """Make a connection."""
    _require_service(call)
    network = _network(call, field(call.body, "network", str, ""))
    with call.cloud.store.transaction():
        error = store.connect(call.cloud, network, _ranges(call))
    return _operation(call, network, "create", error)


def patch(call: Call) -> Json:
    """Replace the ranges of a connection."""
    _require_service(call)
    if (mask := call.query.get("updateMask")) and mask_paths(mask) not in (
        ["reservedPeeringRanges"],
        ["reserved_peering_ranges"],
    ):
        raise invalid(f"Invalid update mask '{mask}': only reservedPeeringRanges can be updated.")
    network = _network(call, field(call.body, "network", str, ""))
    with call.cloud.store.transaction():
        store.update(call.cloud, network, _ranges(call), force=call.query.get("force") == "true")
    return _operation(call, network, "update", None)


def delete(call: Call) -> Json:
    """Remove a connection that no producer uses any more."""
    _require_service(call)
    network = _network(call, field(call.body, "consumerNetwork", str, ""))
    with call.cloud.store.transaction():
        error = store.disconnect(call.cloud, network)
    return _operation(call, network, "delete", error)


def get_operation(call: Call) -> Json:
    """Answer an operation."""
    operation = call.cloud.operations.get(store.HOST, call.params["name"])
    name = f"operations/{operation.name}"
    return operation_shapes.longrunning(operation, name, done=call.cloud.operations.is_done(operation))


def _require_service(call: Call) -> None:
    if call.params["producer"] != store.HOST:
        raise not_found(call.params["producer"], f"Service '{call.params['producer']}' is not a service producer here")


def _network(call: Call, text: str) -> Reference:
    network = store.parse_network(call.cloud, text)
    call.cloud.projects.require(store.HOST, network.project)
    return network


def _ranges(call: Call) -> list[str]:
    ranges: list[str] = field(call.body, "reservedPeeringRanges", list, [])
    return ranges


def _shown(call: Call, network: Reference, connection: Json) -> Json:
    number = call.cloud.projects.get(network.project).number
    return {**connection, "network": f"projects/{number}/global/networks/{network.name}"}


def _operation(call: Call, network: Reference, verb: str, error: Json | None) -> Json:
    number = call.cloud.projects.get(network.project).number
    connections = [_shown(call, network, one) for one in store.list_connections(call.cloud, network)]
    response = {"@type": _TYPE, **connections[0]} if verb != "delete" and connections else _EMPTY
    operation = call.cloud.operations.start(
        store.HOST,
        network.project,
        verb=verb,
        target=network.path,
        name=f"pssn.p24-{number}-{call.cloud.clock.uuid()}",
        real_seconds=_SECONDS,
        response=response,
        metadata={"@type": "type.googleapis.com/google.cloud.servicenetworking.v1.OperationMetadata"},
        error=error,
    )
    name = f"operations/{operation.name}"
    return operation_shapes.longrunning(operation, name, done=call.cloud.operations.is_done(operation))
