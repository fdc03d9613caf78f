"""Where a cluster lives: network, subnetwork, and the ranges of its pods, services and control plane.

Source: https://cloud.google.com/kubernetes-engine/docs/how-to/alias-ips
"""

from __future__ import annotations

import hashlib
from typing import Any

from sandbox.kernel.bodies import field
from sandbox.kernel.cloud import Cloud
from sandbox.kernel.errors import ApiError, invalid
from sandbox.kernel.resources import Document, Resources, is_ready
from sandbox.services.compute.geography import region_of
from sandbox.services.compute.ranges import free_range, parse_range, ranges_of, require_free, subnetworks_of
from sandbox.services.compute.references import Reference, parse
from sandbox.services.compute.shared_vpc import require_attached
from sandbox.services.compute.store import insert, stamped
from sandbox.services.compute.subnetworks import SUBNETWORKS

Json = dict[str, Any]
_MANAGED_SERVICES = "34.118.224.0/20"
"""GKE's own range for Services of clusters that name none, since 1.29."""
_POD_PREFIX = 14


def place(cloud: Cloud, project: str, location: str, body: Json) -> Json:
    """Find network and subnetwork of a new cluster; return their relative names.

    Raises:
        ApiError: 400 or 404 where one is missing or they do not belong together.
    """
    region = region_of(location)
    network = _network(cloud, project, body)
    text = field(body, "networkConfig.subnetwork", str, "") or field(body, "subnetwork", str, "")
    if text:
        reference = parse(cloud, project, text, "subnetworks", f"regions/{region}")
        require_attached(cloud, project, reference.project, reference.path)
        subnetwork = _read(cloud, reference, f"Not found: {reference.path}.", 404)
        if subnetwork["network"] != network.path:
            raise _bad(f'Subnetwork "{reference.name}" does not belong to network "{network.name}".')
        if reference.place != region:
            raise _bad(f'Subnetwork "{reference.name}" is not in region "{region}".')
        return {"network": network.path, "subnetwork": reference.path}
    for name, subnetwork in subnetworks_of(cloud, network.path):
        if name.split("/")[3] == region and subnetwork["name"] == network.name:
            return {"network": network.path, "subnetwork": name}
    raise _bad(f'Network "{network.name}" requires specifying subnetwork.')


def allocate(cloud: Cloud, cluster: str, placement: Json, body: Json) -> Json:
    """Give a new cluster its ranges for pods and services; return its `ipAllocationPolicy`.

    A named secondary range must exist in the subnetwork. Without a name GKE adds a range of its own to it.

    Raises:
        ApiError: 400 where a range is missing or taken.
    """
    asked = field(body, "ipAllocationPolicy", dict, {})
    subnetwork = Resources(cloud, "compute.subnetworks").get(placement["subnetwork"]) or {}
    secondary = {one["rangeName"]: one["ipCidrRange"] for one in subnetwork.get("secondaryIpRanges", ())}
    pods = field(asked, "clusterSecondaryRangeName", str, "")
    services = field(asked, "servicesSecondaryRangeName", str, "")
    for name in filter(None, (pods, services)):
        if name not in secondary:
            short = placement["subnetwork"].rsplit("/", 1)[-1]
            raise _bad(f'Secondary range "{name}" does not exist in subnetwork "{short}".')
    policy: Json = {"stackType": "IPV4", **asked, "useIpAliases": True}
    if not pods:
        wanted = field(asked, "clusterIpv4CidrBlock", str, "") or field(body, "clusterIpv4Cidr", str, "")
        pods = f"gke-{cluster}-pods-{_short(placement['subnetwork'], cluster)}"
        secondary[pods] = _add_range(cloud, placement, subnetwork, pods, wanted)
        policy["clusterSecondaryRangeName"] = pods
    services_block = secondary.get(services) or field(asked, "servicesIpv4CidrBlock", str, "") or _MANAGED_SERVICES
    return {
        **policy,
        "clusterIpv4Cidr": secondary[pods],
        "clusterIpv4CidrBlock": secondary[pods],
        "servicesIpv4Cidr": services_block,
        "servicesIpv4CidrBlock": services_block,
        "podCidrOverprovisionConfig": {},
        "defaultPodIpv4RangeUtilization": 0.0,
    }


def release(cloud: Cloud, cluster: str, placement: Json) -> None:
    """Take the range that GKE made for a cluster's pods out of its subnetwork, and remove its control plane's."""
    subnetworks = Resources(cloud, "compute.subnetworks")
    subnetworks.remove(_control_plane(cluster, placement).path, 0.0)
    subnetwork = subnetworks.get(placement["subnetwork"])
    own = f"gke-{cluster}-pods-{_short(placement['subnetwork'], cluster)}"
    if subnetwork is None:
        return
    left = [one for one in subnetwork.get("secondaryIpRanges", ()) if one["rangeName"] != own]
    if len(left) != len(subnetwork.get("secondaryIpRanges", ())):
        subnetworks.put(placement["subnetwork"], stamped({**subnetwork, "secondaryIpRanges": left}))


def check_control_plane(cloud: Cloud, placement: Json, text: str) -> None:
    """Refuse a range for the control plane that is no /28, or taken in the network.

    Raises:
        ApiError: 400.
    """
    block = parse_range(text, "cluster.privateClusterConfig.masterIpv4CidrBlock")
    if block.prefixlen != 28:
        raise _bad(f'Invalid master_ipv4_cidr_block "{text}": must be a /28.')
    for _, subnetwork in subnetworks_of(cloud, placement["network"]):
        if any(block.overlaps(other) for other in ranges_of(subnetwork)):
            raise _bad(f'The given master_ipv4_cidr_block "{text}" overlaps with subnetwork "{subnetwork["name"]}".')


def put_control_plane(cloud: Cloud, cluster: str, placement: Json, text: str) -> None:
    """Make the subnetwork that GKE makes of a control plane's range, for its endpoint in the cluster's network.

    Source: https://cloud.google.com/kubernetes-engine/docs/concepts/network-overview#control-plane
    """
    body = {
        "name": _control_plane(cluster, placement).name,
        "description": f'auto-created subnetwork for cluster "{cluster}"',
        "network": placement["network"],
        "ipCidrRange": text,
    }
    insert(cloud, SUBNETWORKS, _control_plane(cluster, placement), body)


def _control_plane(cluster: str, placement: Json) -> Reference:
    _, project, _, region, *_ = placement["subnetwork"].split("/")
    name = f"gke-{cluster}-{_short(placement['subnetwork'], cluster)}-pe-subnet"
    return Reference(project, f"regions/{region}", "subnetworks", name)


def _network(cloud: Cloud, project: str, body: Json) -> Reference:
    text = field(body, "networkConfig.network", str, "") or field(body, "network", str, "") or "default"
    network = parse(cloud, project, text, "networks")
    _read(cloud, network, f'Project "{network.project}" has no network named "{network.name}".', 400)
    return network


def _read(cloud: Cloud, reference: Reference, message: str, code: int) -> Document:
    found = Resources(cloud, f"compute.{reference.plural}").get(reference.path)
    if found is None:
        raise ApiError(code, message, reason="badRequest" if code == 400 else "")
    if not is_ready(cloud, found):
        raise _bad(f"The resource '{reference.path}' is not ready.")
    return found


def _add_range(cloud: Cloud, placement: Json, subnetwork: Document, name: str, wanted: str) -> str:
    if "/" in wanted.strip("/"):
        block = parse_range(wanted, "cluster.ipAllocationPolicy.clusterIpv4CidrBlock")
        require_free(cloud, placement["network"], [block])
    else:
        block = free_range(cloud, placement["network"], int(wanted.strip("/") or _POD_PREFIX))
    ranges = [*subnetwork.get("secondaryIpRanges", ()), {"rangeName": name, "ipCidrRange": str(block)}]
    changed = stamped({**subnetwork, "secondaryIpRanges": ranges})
    Resources(cloud, "compute.subnetworks").put(placement["subnetwork"], changed)
    return str(block)


def _short(*parts: str) -> str:
    return hashlib.sha256("/".join(parts).encode()).hexdigest()[:8]


def _bad(message: str) -> ApiError:
    return invalid(message, reason="badRequest")
