"""All kinds of resources that Compute Engine has here, and where paths have them."""

from __future__ import annotations

from sandbox.services.compute.addresses import ADDRESSES
from sandbox.services.compute.firewalls import FIREWALLS
from sandbox.services.compute.groups import GROUPS
from sandbox.services.compute.kinds import Kind
from sandbox.services.compute.networks import NETWORKS
from sandbox.services.compute.routers import ROUTERS
from sandbox.services.compute.subnetworks import SUBNETWORKS
from sandbox.services.compute.users import users_of_link

AUTOSCALERS = Kind("autoscalers", "autoscaler", "compute#autoscaler")
"""None: GKE scales its node pools itself. Tools that list groups of machines ask for them."""


def _left(plural: str, singular: str) -> Kind:
    """What GKE leaves behind for Services, Ingresses and claims: shown and deleted here, made by GKE only."""
    return Kind(plural, singular, f"compute#{plural.removesuffix('s')}", users=users_of_link)


LEFT_BY_GKE = (
    _left("backendServices", "backend service"),
    _left("disks", "disk"),
    _left("forwardingRules", "forwarding rule"),
    _left("networkEndpointGroups", "network endpoint group"),
    _left("targetPools", "target pool"),
    _left("urlMaps", "URL map"),
    Kind("targetHttpProxies", "target HTTP proxy", "compute#targetHttpProxy", users=users_of_link),
    Kind("targetHttpsProxies", "target HTTPS proxy", "compute#targetHttpsProxy", users=users_of_link),
)

KINDS = {
    kind.plural: kind
    for kind in (
        ADDRESSES,
        AUTOSCALERS,
        FIREWALLS,
        GROUPS,
        NETWORKS,
        ROUTERS,
        SUBNETWORKS,
        *LEFT_BY_GKE,
    )
}
