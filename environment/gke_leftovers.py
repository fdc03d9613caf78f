"""Which things of Compute Engine a cluster of GKE has left behind: decided on what is listed, without I/O.

GKE gives no owner to what it makes for nodes, Services, Ingresses and claims. Known to be of a cluster in a network is
what names the network and has a name that only GKE gives; what GKE has made around that: a forwarding rule and its
target pool have the name that their firewall rule ends in, and load balancers hang together by references. Disks are in
no network: the cluster's labels or name tell.

Sources: https://cloud.google.com/kubernetes-engine/docs/concepts/firewall-rules and
https://github.com/kubernetes/ingress-gce (names), https://github.com/kubernetes/cloud-provider-gcp (k8s-fw-…)
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

USERS_FIRST = (
    "forwardingRules",
    "targetHttpProxies",
    "targetHttpsProxies",
    "urlMaps",
    "targetPools",
    "backendServices",
    "networkEndpointGroups",
    "firewalls",
    "disks",
)
"""The kinds, as the API writes them, in an order in which each can be deleted."""

_OF_GKE = re.compile(r"^(gke|k8s|k8s2)-")
_OF_CLUSTER = re.compile(r"^gke-(?P<cluster>.+)-[0-9a-f]{8}-")
"""What is of one cluster's nodes: names of rules, and the tags that rules are for. Long names may be cut."""
SHORTEST_CUT = 15
"""A shorter beginning of our cluster's name is another cluster's whole name: what is cut is longer by far."""
_OF_LOAD_BALANCER = re.compile(r"^k8s-fw-(?P<name>a[0-9a-f]{8,})$")
_REFERENCE_KEYS = frozenset({"target", "urlMap", "defaultService", "backendService", "backends", "group"})


class Listed(NamedTuple):
    """A listed resource: its kind as the API writes it, where it is ("global", "regions/R", "zones/Z"), and itself."""

    plural: str
    place: str
    body: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.body["name"])


def left_by_gke(
    listed: Iterable[Listed],
    network: str,
    cluster: str,
    location: str,
    *,
    others: Collection[str] = (),
    is_shared: bool = False,
) -> tuple[Listed, ...]:
    """Return what a cluster in a network has left, users before what they use.

    Args:
        listed: All that is there, of any network and cluster.
        network: The network's name.
        cluster: The cluster's name.
        location: Its region or zone.
        others: Other clusters in the network: where there are any, only what names this one is known to be of it.
        is_shared: Whether the network is somebody else's: there may be clusters that nobody can list, with the same
            name too. Then rules only tell what else is ours, and stay: nothing waits for them, as the network stays.
    """
    things, is_alone = tuple(listed), not (others or is_shared)
    ours = _Cluster(cluster, location, frozenset(others), has_whole_names=is_shared)
    found = [one for one in things if _is_root(one, network, ours, is_alone)]
    balancers = {match["name"] for one in found if (match := _OF_LOAD_BALANCER.match(one.name))}
    rest = [one for one in things if one not in found and one.plural != "disks" and not _is_elsewhere(one, network)]
    found += [one for one in rest if one.name in balancers and one.plural in ("forwardingRules", "targetPools")]
    while more := [one for one in rest if one not in found and _OF_GKE.match(one.name) and _uses_any(one, found)]:
        found += more
    found = [one for one in found if not (is_shared and one.plural == "firewalls")]
    return tuple(sorted(found, key=lambda one: (USERS_FIRST.index(one.plural), one.place, one.name)))


class _Cluster(NamedTuple):
    """Our cluster among the `others` of its network; `has_whole_names` where a cut name may be anybody's."""

    name: str
    location: str
    others: frozenset[str]
    has_whole_names: bool

    def is_named(self, name: str) -> bool:
        """Tell whether this is our cluster's name, whole or cut, and no other's."""
        if name == self.name:
            return name not in self.others
        is_cut = len(name) >= SHORTEST_CUT and self.name.startswith(name) and not self.has_whole_names
        return is_cut and not any(other.startswith(name) for other in self.others)


def _is_root(one: Listed, network: str, cluster: _Cluster, is_alone: bool) -> bool:
    if one.plural == "disks":
        labels = one.body.get("labels") or {}
        return not one.body.get("users") and is_disk_of(cluster.name, cluster.location, one.name, labels)
    if _network_of(one) != network or not _OF_GKE.match(one.name):
        return False
    named = _clusters_of(one)
    return all(cluster.is_named(name) for name in named) and (bool(named) or is_alone)


def is_disk_of(cluster: str, location: str, name: str, labels: Mapping[str, str]) -> bool:
    """Tell whether a disk is of a claim of this cluster: by its labels, of old ones without them by the name."""
    if "goog-k8s-cluster-name" in labels:
        is_here = labels.get("goog-k8s-cluster-location", location) == location
        return labels["goog-k8s-cluster-name"] == cluster and is_here
    return bool(re.match(rf"gke-{re.escape(cluster)}-([0-9a-f]{{8}}-)?(dyn(amic)?-)?pvc-", name))


def _clusters_of(one: Listed) -> tuple[str, ...]:
    """Return the clusters, as far as their names are not cut, that a thing's name and tags say."""
    tags = [one.name, *(one.body.get("targetTags") or ())]
    return tuple(match["cluster"] for tag in tags if (match := _OF_CLUSTER.match(tag)))


def _is_elsewhere(one: Listed, network: str) -> bool:
    return bool(_network_of(one)) and _network_of(one) != network


def _network_of(one: Listed) -> str:
    return str(one.body.get("network") or "").rpartition("/networks/")[2]


def _uses_any(one: Listed, found: Iterable[Listed]) -> bool:
    links = set(_links({key: value for key, value in one.body.items() if key in _REFERENCE_KEYS}))
    return any(link.endswith(f"/{other.place}/{other.plural}/{other.name}") for other in found for link in links)


def _links(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _links(one)
    elif isinstance(value, list):
        for one in value:
            yield from _links(one)
