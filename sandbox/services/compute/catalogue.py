"""All kinds of resources that Compute Engine has here, and where paths have them."""

from __future__ import annotations

from sandbox.services.compute.addresses import ADDRESSES
from sandbox.services.compute.firewalls import FIREWALLS
from sandbox.services.compute.groups import GROUPS
from sandbox.services.compute.kinds import Kind
from sandbox.services.compute.networks import NETWORKS
from sandbox.services.compute.routers import ROUTERS
from sandbox.services.compute.subnetworks import SUBNETWORKS

AUTOSCALERS = Kind("autoscalers", "autoscaler", "compute#autoscaler")
"""None: GKE scales its node pools itself. Tools that list groups of machines ask for them."""

FORWARDING_RULES = Kind("forwardingRules", "forwarding rule", "compute#forwardingRule")
DISKS = Kind("disks", "disk", "compute#disk")
ENDPOINT_GROUPS = Kind("networkEndpointGroups", "network endpoint group", "compute#networkEndpointGroup")
"""What GKE leaves behind for Services and claims: shown and deleted here, made by GKE only."""

KINDS = {
    kind.plural: kind
    for kind in (
        ADDRESSES,
        AUTOSCALERS,
        DISKS,
        ENDPOINT_GROUPS,
        FIREWALLS,
        FORWARDING_RULES,
        GROUPS,
        NETWORKS,
        ROUTERS,
        SUBNETWORKS,
    )
}
