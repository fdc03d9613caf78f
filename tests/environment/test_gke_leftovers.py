"""What a cluster has left, of each kind; what is of another network, another cluster or a person is never among it."""

from __future__ import annotations

from typing import Any

import pytest

from environment.gke_leftovers import Listed, is_disk_of, left_by_gke

NETWORK = "https://www.googleapis.com/compute/v1/projects/p/global/networks/a-network"
OTHER = NETWORK.replace("a-network", "b-network")
BASE = "https://www.googleapis.com/compute/v1/projects/p"


def listed(plural: str, name: str, place: str = "global", **body: Any) -> Listed:
    return Listed(plural, place, {"name": name, **body})


RULE = listed("firewalls", "k8s-fw-a0123456789abcdef", network=NETWORK, targetTags=["gke-a-cluster-0123abcd-node"])
GROUP = listed("networkEndpointGroups", "k8s1-x-neg", "zones/z", network=NETWORK)
NEG = listed("networkEndpointGroups", "k8s2-x-neg", "zones/z", network=NETWORK)
BACKEND = listed("backendServices", "k8s2-be", backends=[{"group": f"{BASE}/zones/z/networkEndpointGroups/k8s2-x-neg"}])
URLS = listed("urlMaps", "k8s2-um", defaultService=f"{BASE}/global/backendServices/k8s2-be")
PROXY = listed("targetHttpProxies", "k8s2-tp", urlMap=f"{BASE}/global/urlMaps/k8s2-um")
FORWARDING = listed("forwardingRules", "k8s2-fr", target=f"{BASE}/global/targetHttpProxies/k8s2-tp")
BALANCER = listed("forwardingRules", "a0123456789abcdef", "regions/r", target="…/targetPools/a0123456789abcdef")
POOL = listed("targetPools", "a0123456789abcdef", "regions/r")
DISK = listed("disks", "pvc-1", "zones/z", labels={"goog-k8s-cluster-name": "a-cluster"})


def left(*things: Listed) -> list[str]:
    return [f"{one.plural} {one.name}" for one in left_by_gke(things, "a-network", "a-cluster", "z")]


def test_each_kind_is_found_users_before_what_they_use() -> None:
    things = (RULE, NEG, BACKEND, URLS, PROXY, FORWARDING, BALANCER, POOL, DISK)
    assert left(*things) == [
        "forwardingRules k8s2-fr",
        "forwardingRules a0123456789abcdef",
        "targetHttpProxies k8s2-tp",
        "urlMaps k8s2-um",
        "targetPools a0123456789abcdef",
        "backendServices k8s2-be",
        "networkEndpointGroups k8s2-x-neg",
        "firewalls k8s-fw-a0123456789abcdef",
        "disks pvc-1",
    ]


def test_in_a_network_with_other_clusters_only_what_names_ours_is_known() -> None:
    nodes = listed("firewalls", "gke-a-cluster-0123abcd-all", network=NETWORK)
    things = (RULE, nodes, NEG, BACKEND, BALANCER, POOL, listed("firewalls", "k8s-0123-node-http-hc", network=NETWORK))
    found = left_by_gke(things, "a-network", "a-cluster", "z", others=("b-cluster",))
    assert {one.name for one in found} == {RULE.name, nodes.name, BALANCER.name}
    assert len(found) == 4


def test_in_a_network_of_others_rules_stay_and_tell_which_balancers_are_ours() -> None:
    """Its clusters may be in projects that nobody here can list, with the very same name."""
    nodes = listed("firewalls", "gke-a-cluster-0123abcd-all", network=NETWORK)
    found = left_by_gke((RULE, nodes, NEG, BALANCER, POOL), "a-network", "a-cluster", "z", is_shared=True)
    assert found == (BALANCER, POOL)


@pytest.mark.parametrize(
    ("named", "others", "is_shared"),
    [("a-cluster-of-an-environme", (), True), ("a-cluster-of-an-environment", ("a-cluster-of-an-environment",), False)],
    ids=["cut", "same name in another place"],
)
def test_what_may_be_of_another_cluster_tells_nothing(named: str, others: tuple[str, ...], is_shared: bool) -> None:
    rule = listed("firewalls", RULE.name, network=NETWORK, targetTags=[f"gke-{named}-0123abcd-node"])
    things, cluster = (rule, BALANCER, POOL), "a-cluster-of-an-environment"
    assert BALANCER in left_by_gke(things, "a-network", cluster, "z")
    assert left_by_gke(things, "a-network", cluster, "z", others=others, is_shared=is_shared) == ()


@pytest.mark.parametrize(
    ("named", "others", "is_ours"),
    [
        ("acme-dev-environment-cluster", (), True),
        ("acme-dev-environment-cluster", ("acme-dev-environment-cluster-2",), True),
        ("acme-dev-environment-c", (), True),
        ("acme-dev-environment-c", ("acme-dev-environment-c",), False),
        ("acme-dev-environment-c", ("acme-dev-environment-canary",), False),
        ("acme-dev-environment-c", ("acme-prod",), True),
        ("acme-dev", (), False),
        ("acme-dev", ("acme-dev",), False),
        ("acme-dev-environment-cluster-2", (), False),
    ],
)
def test_a_rule_is_of_the_cluster_that_it_names_whole_or_surely_cut(named, others, is_ours) -> None:
    rule = listed("firewalls", f"gke-{named}-1a2b3c4d-all", network=NETWORK)
    found = left_by_gke([rule], "a-network", "acme-dev-environment-cluster", "z", others=others)
    assert found == ((rule,) if is_ours else ())


@pytest.mark.parametrize(
    "thing",
    [
        listed("firewalls", "k8s-fw-a99999999", network=OTHER),
        listed("firewalls", "k8s-fw-a99999999", network=NETWORK, targetTags=["gke-b-cluster-0123abcd-node"]),
        listed("firewalls", "gke-a-cluster2-0123abcd-all".replace("a-cluster2", "b"), network=NETWORK),
        listed("firewalls", "a-person-made-it", network=NETWORK),
        listed("forwardingRules", "a99999999", "regions/r"),
        listed("targetPools", "a99999999", "regions/r"),
        listed("backendServices", "k8s2-other", backends=[{"group": f"{BASE}/zones/z/networkEndpointGroups/k8s2-o"}]),
        listed("backendServices", "by-hand", backends=[{"group": f"{BASE}/zones/z/networkEndpointGroups/k8s2-x-neg"}]),
        listed("networkEndpointGroups", "k8s2-o", "zones/z", network=OTHER),
        listed("disks", "pvc-2", "zones/z", labels={"goog-k8s-cluster-name": "b-cluster"}),
        listed("disks", "pvc-3", "zones/z", labels={"goog-k8s-cluster-name": "a-cluster"}, users=["an instance"]),
        listed("disks", "data", "zones/z"),
    ],
    ids=lambda one: f"{one.plural}-{one.name}",
)
def test_what_is_of_others_is_left_alone(thing: Listed) -> None:
    assert left(thing, RULE, NEG) == left(RULE, NEG)


@pytest.mark.parametrize(
    ("name", "labels", "is_ours"),
    [
        ("pvc-1", {"goog-k8s-cluster-name": "a"}, True),
        ("pvc-1", {"goog-k8s-cluster-name": "a", "goog-k8s-cluster-location": "z"}, True),
        ("pvc-1", {"goog-k8s-cluster-name": "a", "goog-k8s-cluster-location": "y"}, False),
        ("gke-a-0123abcd-dyn-pvc-1", {}, True),
        ("gke-a-pvc-1", {}, True),
        ("gke-a-b-pvc-1", {}, False),
        ("gke-a-pvc-1", {"goog-k8s-cluster-name": "b"}, False),
        ("pvc-1", {}, False),
    ],
)
def test_disks_of_other_clusters_are_never_ours(name, labels, is_ours) -> None:
    assert is_disk_of("a", "z", name, labels) is is_ours
