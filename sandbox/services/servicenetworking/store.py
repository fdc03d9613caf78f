"""Private connections: which ranges of a network a service producer may use, and the peering that carries them.

A connection outlives its peering: where somebody removes the peering from the network's side, the producer still
knows its ranges, and only an update brings it back.
"""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Any

from sandbox.kernel.cloud import Cloud
from sandbox.kernel.errors import ApiError, invalid
from sandbox.kernel.resources import Document, Resources
from sandbox.services.compute.references import Reference, parse
from sandbox.services.compute.store import read_ready

Json = dict[str, Any]
HOST = "servicenetworking.googleapis.com"
COLLECTION = "servicenetworking.connections"
PEERING = "servicenetworking-googleapis-com"
_FAILED_PRECONDITION = 9
"""google.rpc.Code, as operations carry it."""


def parse_network(cloud: Cloud, text: str) -> Reference:
    """Read "projects/NUMBER/global/networks/N".

    Raises:
        ApiError: 400 when it is something else.
    """
    if not text.startswith("projects/"):
        raise invalid(f"Invalid network '{text}': must be projects/PROJECT_NUMBER/global/networks/NETWORK")
    return parse(cloud, "", text, "networks")


def list_connections(cloud: Cloud, network: Reference) -> list[Document]:
    """Return the connections of a network that have a peering."""
    found = Resources(cloud, COLLECTION).get(network.path)
    return [found] if found is not None and _is_peered(cloud, network) else []


def connect(cloud: Cloud, network: Reference, ranges: list[str]) -> Json | None:
    """Make a connection; return the error of its operation, None on success.

    Raises:
        ApiError: 404 where the network is missing, 400 where a range is not allocated in it.
    """
    read_ready(cloud, network)
    _require_ranges(cloud, network, ranges)
    known = Resources(cloud, COLLECTION).get(network.path)
    if known is not None and known["reservedPeeringRanges"] != ranges:
        message = "Cannot modify allocated ranges in CreateConnection. Please use UpdateConnection."
        return {"code": _FAILED_PRECONDITION, "message": message}
    _put(cloud, network, ranges)
    return None


def update(cloud: Cloud, network: Reference, ranges: list[str], *, force: bool) -> None:
    """Give a connection other ranges, and its peering if that was removed.

    Raises:
        ApiError: 404 where it is missing, 400 where a range is not allocated, or goes without force.
    """
    known = Resources(cloud, COLLECTION).get(network.path)
    if known is None:
        raise ApiError(404, f"No connection to '{HOST}' from network '{network.path}'")
    _require_ranges(cloud, network, ranges)
    lost = set(known["reservedPeeringRanges"]) - set(ranges)
    if lost and not force:
        raise invalid(f"Cannot remove allocated ranges {', '.join(sorted(lost))} without force.")
    _put(cloud, network, ranges)


def disconnect(cloud: Cloud, network: Reference) -> Json | None:
    """Remove a connection; return the error of its operation, None on success.

    Raises:
        ApiError: 404 where it is missing.
    """
    if Resources(cloud, COLLECTION).get(network.path) is None:
        raise ApiError(404, f"No connection to '{HOST}' from network '{network.path}'")
    if _instances_in(cloud, network) or _lingers(cloud, network):
        message = (
            "Failed to delete connection; Producer services (e.g. CloudSQL, Cloud Memstore, etc.) are still using "
            "this connection."
        )
        return {"code": _FAILED_PRECONDITION, "message": message}
    cloud.store.delete(COLLECTION, network.path)
    _set_peerings(cloud, network, [])
    return None


def connected_ranges(cloud: Cloud, network: Reference) -> list[tuple[str, IPv4Network]]:
    """Return (name, range) of what a producer may use in a network; empty without a connection."""
    found = []
    for connection in list_connections(cloud, network):
        for name in connection["reservedPeeringRanges"]:
            if address := _allocated(cloud, network, name):
                found.append((name, IPv4Network(f"{address['address']}/{address['prefixLength']}")))
    return found


def _put(cloud: Cloud, network: Reference, ranges: list[str]) -> None:
    connection = {"network": network.path, "reservedPeeringRanges": ranges, "peering": PEERING}
    Resources(cloud, COLLECTION).put(network.path, {**connection, "service": f"services/{HOST}"})
    if not _is_peered(cloud, network):
        _set_peerings(cloud, network, [_peering()])


def _peering() -> Json:
    return {
        "name": PEERING,
        "network": "projects/servicenetworking-tenant/global/networks/servicenetworking",
        "state": "ACTIVE",
        "stateDetails": "Connected.",
        "autoCreateRoutes": True,
        "exchangeSubnetRoutes": True,
        "exportCustomRoutes": False,
        "importCustomRoutes": False,
        "exportSubnetRoutesWithPublicIp": False,
        "importSubnetRoutesWithPublicIp": False,
        "stackType": "IPV4_ONLY",
    }


def _set_peerings(cloud: Cloud, network: Reference, ours: list[Json]) -> None:
    networks = Resources(cloud, "compute.networks")
    document = networks.get(network.path)
    if document is None:
        return
    others = [one for one in document.get("peerings", ()) if one["name"] != PEERING]
    networks.put(network.path, {**document, "peerings": [*others, *ours]})


def _is_peered(cloud: Cloud, network: Reference) -> bool:
    document = Resources(cloud, "compute.networks").get(network.path) or {}
    return any(one["name"] == PEERING for one in document.get("peerings", ()))


def _require_ranges(cloud: Cloud, network: Reference, ranges: list[str]) -> None:
    if not ranges:
        raise invalid("reservedPeeringRanges must name at least one allocated range.")
    for name in ranges:
        if _allocated(cloud, network, name) is None:
            raise invalid(f"Allocated IP range '{name}' not found in network.")


def _allocated(cloud: Cloud, network: Reference, name: str) -> Document | None:
    address = Resources(cloud, "compute.addresses").get(f"projects/{network.project}/global/addresses/{name}")
    if address is None or address.get("purpose") != "VPC_PEERING" or address.get("network") != network.path:
        return None
    return address


def _instances_in(cloud: Cloud, network: Reference) -> bool:
    return any(
        instance.get("settings", {}).get("ipConfiguration", {}).get("privateNetwork") == network.path
        for _, instance in Resources(cloud, "sqladmin.instances").items()
    )


def _lingers(cloud: Cloud, network: Reference) -> bool:
    """Tell whether a deleted instance of Cloud SQL still counts as a user, as really for hours and up to four days.

    https://cloud.google.com/vpc/docs/configure-private-services-access#removing-connection
    """
    since = cloud.clock.now() - cloud.latency.linger_seconds
    deleted = (document for _, document in cloud.store.items("sqladmin.deleted"))
    return any(one.get("network") == network.path and one["deleted_at"] > since for one in deleted)
