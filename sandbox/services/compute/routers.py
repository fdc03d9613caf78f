"""The rules of Cloud Routers and the NAT gateways in them.

Source: https://cloud.google.com/compute/docs/reference/rest/v1/routers
"""

from __future__ import annotations

from typing import Any

from sandbox.kernel.bodies import field
from sandbox.kernel.cloud import Cloud
from sandbox.kernel.errors import invalid
from sandbox.services.compute.kinds import Kind
from sandbox.services.compute.references import Reference
from sandbox.services.compute.store import find_network, find_subnetwork

Json = dict[str, Any]
_ALLOCATE = ("AUTO_ONLY", "MANUAL_ONLY")
_SOURCES = ("ALL_SUBNETWORKS_ALL_IP_RANGES", "ALL_SUBNETWORKS_ALL_PRIMARY_IP_RANGES", "LIST_OF_SUBNETWORKS")


def _prepare(cloud: Cloud, reference: Reference, body: Json) -> Json:
    if not body.get("network"):
        raise invalid("Invalid value for field 'resource.network': ''. The field is required.", reason="required")
    network = find_network(cloud, reference.project, body["network"])
    document = {"encryptedInterconnectRouter": False, **body, "network": network}
    return _with_nats(cloud, reference, document)


def _change(cloud: Cloud, reference: Reference, before: Json, wanted: Json) -> Json:
    wanted = {**wanted, "network": find_network(cloud, reference.project, wanted.get("network", ""))}
    if wanted["network"] != before["network"]:
        raise invalid("Invalid value for field 'resource.network'. Field cannot be modified.")
    return _with_nats(cloud, reference, wanted)


def _with_nats(cloud: Cloud, reference: Reference, document: Json) -> Json:
    nats = [_nat(cloud, reference, document, nat) for nat in document.get("nats", ())]
    names = [nat["name"] for nat in nats]
    if len(names) != len(set(names)):
        raise invalid("Invalid value for field 'resource.nats'. The names of a router's NATs must be unique.")
    result = {key: value for key, value in document.items() if key != "nats"}
    return {**result, "nats": nats} if nats else result


def _nat(cloud: Cloud, reference: Reference, router: Json, nat: Json) -> Json:
    where = f"resource.nats[{nat.get('name', '')}]"
    if not field(nat, "name", str, ""):
        raise invalid("Invalid value for field 'resource.nats.name': ''. The field is required.", reason="required")
    allocate = nat.get("natIpAllocateOption", "AUTO_ONLY")
    sources = nat.get("sourceSubnetworkIpRangesToNat")
    if nat.get("type", "PUBLIC") == "PUBLIC" and allocate not in _ALLOCATE:
        raise invalid(f"Invalid value for field '{where}.natIpAllocateOption': '{allocate}'.")
    if sources not in _SOURCES:
        raise invalid(f"Invalid value for field '{where}.sourceSubnetworkIpRangesToNat': '{sources}'.")
    subnetworks = nat.get("subnetworks", [])
    if (sources == "LIST_OF_SUBNETWORKS") != bool(subnetworks):
        raise invalid(f"Invalid value for field '{where}.subnetworks'. Goes with LIST_OF_SUBNETWORKS.")
    document = {
        "type": "PUBLIC",
        "endpointTypes": ["ENDPOINT_TYPE_VM"],
        "enableEndpointIndependentMapping": False,
        "autoNetworkTier": "PREMIUM",
        **{key: value for key, value in nat.items() if value != []},
        "natIpAllocateOption": allocate,
    }
    if subnetworks:
        document["subnetworks"] = [_nat_subnetwork(cloud, reference, router, one) for one in subnetworks]
    return document


def _nat_subnetwork(cloud: Cloud, reference: Reference, router: Json, entry: Json) -> Json:
    name, subnetwork = find_subnetwork(cloud, reference.project, field(entry, "name", str, ""), reference.place)
    if subnetwork["network"] != router["network"]:
        raise invalid(f"Invalid value for field 'resource.nats.subnetworks': '{name}' is in another network.")
    return {"sourceIpRangesToNat": ["ALL_IP_RANGES"], **entry, "name": name}


ROUTERS = Kind(
    plural="routers",
    singular="router",
    kind="compute#router",
    insert_seconds=11.0,
    delete_seconds=11.0,
    prepare=_prepare,
    change=_change,
)
