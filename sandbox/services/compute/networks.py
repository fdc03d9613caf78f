"""The rules of VPC networks.

Source: https://cloud.google.com/compute/docs/reference/rest/v1/networks
"""

from __future__ import annotations

from typing import Any

from sandbox.kernel.clock import rfc3339
from sandbox.kernel.cloud import Cloud
from sandbox.kernel.errors import invalid
from sandbox.kernel.resources import Resources
from sandbox.services.compute.geography import AUTO_RANGES
from sandbox.services.compute.kinds import Kind
from sandbox.services.compute.ranges import subnetworks_of
from sandbox.services.compute.references import Reference
from sandbox.services.compute.store import stamped
from sandbox.services.compute.users import users_of_network

Json = dict[str, Any]
_ORDERS = ("AFTER_CLASSIC_FIREWALL", "BEFORE_CLASSIC_FIREWALL")
_FIXED = ("autoCreateSubnetworks",)


def _prepare(cloud: Cloud, reference: Reference, body: Json) -> Json:
    if "autoCreateSubnetworks" not in body:
        raise invalid("Legacy networks can no longer be created. Set autoCreateSubnetworks.")
    document = _complete(body)
    if document["autoCreateSubnetworks"]:
        _make_auto_subnetworks(cloud, reference)
    return document


def _change(cloud: Cloud, reference: Reference, before: Json, wanted: Json) -> Json:
    for name in _FIXED:
        if wanted.get(name) != before.get(name):
            raise invalid(f"Invalid value for field 'resource.{name}': '{wanted.get(name)}'. Field cannot be modified.")
    return _complete(wanted)


def _complete(asked: Json) -> Json:
    document: Json = {
        "mtu": 1460,
        "networkFirewallPolicyEnforcementOrder": "AFTER_CLASSIC_FIREWALL",
        **asked,
        "routingConfig": {
            "routingMode": "REGIONAL",
            "bgpBestPathSelectionMode": "LEGACY",
            **asked.get("routingConfig", {}),
        },
    }
    if document["networkFirewallPolicyEnforcementOrder"] not in _ORDERS:
        raise invalid("Invalid value for field 'resource.networkFirewallPolicyEnforcementOrder'.")
    if document["routingConfig"].get("routingMode") not in ("REGIONAL", "GLOBAL"):
        raise invalid("Invalid value for field 'resource.routingConfig.routingMode'.")
    if not 1300 <= int(document["mtu"]) <= 8896:
        raise invalid(f"Invalid value for field 'resource.mtu': '{document['mtu']}'. Must be between 1300 and 8896.")
    return document


def _make_auto_subnetworks(cloud: Cloud, network: Reference) -> None:
    now = cloud.clock.now()
    for region, auto_range in AUTO_RANGES.items():
        subnetwork = Reference(network.project, f"regions/{region}", "subnetworks", network.name)
        document = {
            "name": network.name,
            "network": network.path,
            "ipCidrRange": auto_range,
            "gatewayAddress": auto_range.replace(".0/20", ".1"),
            "privateIpGoogleAccess": False,
            "purpose": "PRIVATE",
            "stackType": "IPV4_ONLY",
            "fingerprint": "",
            "id": cloud.clock.numeric_id(),
            "creationTimestamp": rfc3339(now),
        }
        Resources(cloud, "compute.subnetworks").put(subnetwork.path, stamped(document))


def _users(cloud: Cloud, reference: Reference, document: Json) -> list[str]:
    auto = {name for name, _ in _auto_subnetworks(cloud, reference, document)}
    return [user for user in users_of_network(cloud, reference.path, document) if user not in auto]


def _removed(cloud: Cloud, reference: Reference, document: Json) -> None:
    for name, _ in _auto_subnetworks(cloud, reference, document):
        Resources(cloud, "compute.subnetworks").remove(name, cloud.clock.now())


def _auto_subnetworks(cloud: Cloud, reference: Reference, document: Json) -> list[tuple[str, Json]]:
    """An auto mode network takes its own subnetworks along, unless something is in them."""
    if not document.get("autoCreateSubnetworks"):
        return []
    return [found for found in subnetworks_of(cloud, reference.path) if found[1]["name"] == reference.name]


def _view(cloud: Cloud, reference: Reference, document: Json) -> Json:
    shown = {
        **document,
        "selfLinkWithId": f"projects/{reference.project}/global/networks/{document['id']}",
    }
    if names := [name for name, _ in subnetworks_of(cloud, reference.path)]:
        shown["subnetworks"] = names
    return shown


NETWORKS = Kind(
    plural="networks",
    singular="network",
    kind="compute#network",
    insert_seconds=22.0,
    delete_seconds=24.0,
    prepare=_prepare,
    change=_change,
    users=_users,
    removed=_removed,
    view=_view,
)
