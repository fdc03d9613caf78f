"""The rules of subnetworks: ranges that nothing else in the network has, and secondary ranges in use that stay.

Source: https://cloud.google.com/compute/docs/reference/rest/v1/subnetworks
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Network
from typing import Any

from sandbox.kernel.bodies import field
from sandbox.kernel.cloud import Cloud
from sandbox.kernel.errors import in_use, invalid
from sandbox.services.compute.kinds import Kind
from sandbox.services.compute.ranges import parse_range, require_free
from sandbox.services.compute.references import Reference
from sandbox.services.compute.store import find_network
from sandbox.services.compute.users import clusters_in, users_of_subnetwork

Json = dict[str, Any]
_FIXED = ("network", "purpose")


def _prepare(cloud: Cloud, reference: Reference, body: Json) -> Json:
    for name in ("network", "ipCidrRange"):
        if not body.get(name):
            raise invalid(f"Invalid value for field 'resource.{name}': ''. The field is required.", reason="required")
    network = find_network(cloud, reference.project, body["network"])
    document = {
        "privateIpGoogleAccess": False,
        "privateIpv6GoogleAccess": "DISABLE_GOOGLE_ACCESS",
        "purpose": "PRIVATE",
        "stackType": "IPV4_ONLY",
        "allowSubnetCidrRoutesOverlap": False,
        **body,
        "network": network,
        "fingerprint": "",
    }
    require_free(cloud, network, _ranges(document))
    return {**document, "gatewayAddress": _gateway(document)}


def _change(cloud: Cloud, reference: Reference, before: Json, wanted: Json) -> Json:
    for name in _FIXED:
        if wanted.get(name) != before.get(name):
            raise invalid(f"Invalid value for field 'resource.{name}': '{wanted.get(name)}'. Field cannot be modified.")
    require_free(cloud, before["network"], _ranges(wanted), but=reference.path)
    kept = {(one["rangeName"], one["ipCidrRange"]) for one in wanted.get("secondaryIpRanges", ())}
    for secondary in before.get("secondaryIpRanges", ()):
        if (secondary["rangeName"], secondary["ipCidrRange"]) not in kept:
            _require_unused(cloud, reference, secondary["rangeName"])
    return {**wanted, "gatewayAddress": _gateway(wanted)}


def expanded(before: Json, wider: str) -> Json:
    """Return a subnetwork with a wider primary range.

    Raises:
        ApiError: 400 when the new range does not contain the old one, or is no wider.
    """
    old, new = IPv4Network(before["ipCidrRange"]), parse_range(wider, "ipCidrRange")
    if not old.subnet_of(new) or old == new:
        raise invalid(
            f"Invalid value for field 'ipCidrRange': '{wider}'. New IpCidrRange must be larger than and contain the "
            f"existing range {old}."
        )
    return {**before, "ipCidrRange": wider}


def _ranges(document: Json) -> list[IPv4Network]:
    primary = parse_range(document["ipCidrRange"], "resource.ipCidrRange")
    if not 4 <= primary.prefixlen <= 29:
        raise invalid(
            f"Invalid value for field 'resource.ipCidrRange': '{primary}'. Prefix length must be from 4 to 29."
        )
    ranges, names = [primary], set()
    for index, secondary in enumerate(document.get("secondaryIpRanges", ())):
        name = field(secondary, "rangeName", str, "")
        if not name or name in names:
            raise invalid(
                f"Invalid value for field 'resource.secondaryIpRanges[{index}].rangeName': '{name}'. "
                "Must be given and unique."
            )
        names.add(name)
        text = field(secondary, "ipCidrRange", str, "")
        ranges.append(parse_range(text, f"resource.secondaryIpRanges[{index}].ipCidrRange"))
    return ranges


def _gateway(document: Json) -> str:
    return str(IPv4Network(document["ipCidrRange"])[1])


def _require_unused(cloud: Cloud, reference: Reference, range_name: str) -> None:
    for user, cluster in clusters_in(cloud, reference.path):
        policy = cluster.get("ipAllocationPolicy", {})
        if range_name in (policy.get("clusterSecondaryRangeName"), policy.get("servicesSecondaryRangeName")):
            raise in_use("subnetwork secondary range", f"{reference.path}/{range_name}", user)


def _users(cloud: Cloud, reference: Reference, document: Json) -> Iterable[str]:
    return users_of_subnetwork(cloud, reference.path)


SUBNETWORKS = Kind(
    plural="subnetworks",
    singular="subnetwork",
    kind="compute#subnetwork",
    insert_seconds=18.0,
    delete_seconds=18.0,
    prepare=_prepare,
    change=_change,
    users=_users,
)
