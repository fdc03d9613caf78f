"""The rules of addresses, global and regional: reserved ones and ranges for service producers.

Source: https://cloud.google.com/compute/docs/reference/rest/v1/globalAddresses
"""

from __future__ import annotations

import hashlib
from typing import Any

from sandbox.kernel.cloud import Cloud
from sandbox.kernel.errors import invalid
from sandbox.services.compute.geography import region_of
from sandbox.services.compute.kinds import Kind
from sandbox.services.compute.ranges import address_in, free_range, parse_range, require_free
from sandbox.services.compute.references import Reference
from sandbox.services.compute.store import find_network, find_subnetwork

Json = dict[str, Any]


def _prepare(cloud: Cloud, reference: Reference, body: Json) -> Json:
    body = {"description": "", **body}
    kind = body.get("addressType", "EXTERNAL")
    purpose = body.get("purpose", "")
    if kind not in ("EXTERNAL", "INTERNAL"):
        raise invalid(f"Invalid value for field 'resource.addressType': '{kind}'.")
    if purpose == "VPC_PEERING":
        document = _producer_range(cloud, reference, body)
    elif kind == "INTERNAL":
        document = _internal(cloud, reference, body)
    else:
        document = _external(reference, body)
    return {**document, "addressType": kind, "status": "RESERVED", "labelFingerprint": ""}


def _producer_range(cloud: Cloud, reference: Reference, body: Json) -> Json:
    if reference.scope != "global" or body.get("addressType") != "INTERNAL" or not body.get("network"):
        raise invalid("Invalid value for field 'resource.purpose': 'VPC_PEERING'. Needs a global internal address.")
    prefix = body.get("prefixLength")
    if prefix is None or not 8 <= int(prefix) <= 29:
        raise invalid(f"Invalid value for field 'resource.prefixLength': '{prefix}'. Must be from 8 to 29.")
    network = find_network(cloud, reference.project, body["network"])
    if body.get("address"):
        block = parse_range(f"{body['address']}/{prefix}", "resource.address")
        require_free(cloud, network, [block])
    else:
        block = free_range(cloud, network, int(prefix))
    return {**body, "network": network, "prefixLength": int(prefix), "address": str(block.network_address)}


def _internal(cloud: Cloud, reference: Reference, body: Json) -> Json:
    if reference.scope == "global":
        raise invalid("Invalid value for field 'resource.addressType': 'INTERNAL'. Global addresses need a purpose.")
    if not body.get("subnetwork"):
        raise invalid("Invalid value for field 'resource.subnetwork': ''. Internal addresses need a subnetwork.")
    path, subnetwork = find_subnetwork(cloud, reference.project, body["subnetwork"], region_of(reference.place))
    block = parse_range(subnetwork["ipCidrRange"], "resource.subnetwork")
    address = body.get("address") or address_in(block, ())
    return {"purpose": "GCE_ENDPOINT", "networkTier": "PREMIUM", **body, "subnetwork": path, "address": address}


def _external(reference: Reference, body: Json) -> Json:
    if body.get("network") or body.get("prefixLength"):
        raise invalid("Invalid value for field 'resource.network'. External addresses have no network.")
    digest = hashlib.sha256(reference.path.encode()).digest()
    address = f"34.{64 + digest[0] % 64}.{digest[1]}.{1 + digest[2] % 254}"
    tier = {"ipVersion": "IPV4"} if reference.scope == "global" else {}
    return {"address": address, "networkTier": "PREMIUM", **tier, **body}


ADDRESSES = Kind(
    plural="addresses",
    singular="address",
    kind="compute#address",
    insert_seconds=5.0,
    delete_seconds=5.0,
    prepare=_prepare,
)
