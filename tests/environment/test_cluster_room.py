"""What nodes have over for more pods: offered by those that take pods, less what pods on them have asked for."""

from __future__ import annotations

from typing import Any

import pytest

from environment.cluster_room import free_room, makes_nodes, most_nodes

READY = {"conditions": [{"type": "Ready", "status": "True"}], "allocatable": {"cpu": "3920m", "memory": "4Gi"}}


def node(name: str, status: dict[str, Any] = READY, **spec: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": name, "labels": {"cloud.google.com/gke-nodepool": "pool"}},
        "spec": spec,
        "status": status,
    }


def pod(on: str, *requests: dict[str, str], phase: str = "Running", before: tuple[dict[str, str], ...] = ()) -> Any:
    containers, early = ([{"resources": {"requests": one}} for one in group] for group in (requests, before))
    return {"spec": {"nodeName": on, "containers": containers, "initContainers": early}, "status": {"phase": phase}}


@pytest.mark.parametrize(
    ("nodes", "pods", "expected"),
    [
        ([node("a"), node("b")], [], (7840, 8192)),
        ([node("a")], [pod("a", {"cpu": "1"}, {"cpu": "20m", "memory": "512Mi"})], (2900, 3584)),
        ([node("a")], [pod("a", {"cpu": "100m"}, before=({"cpu": "3", "memory": "1G"},))], (920, 3142)),
        (
            [node("a")],
            [pod("a", {"cpu": "1"}, phase="Succeeded"), pod("", {"cpu": "1"}, phase="Pending")],
            (3920, 4096),
        ),
        ([node("a")], [pod("a", {"cpu": "4"})], (-80, 4096)),
        ([node("a")], [{"spec": {"nodeName": "a", "containers": [{}]}}], (3920, 4096)),
        ([node("a", unschedulable=True)], [], (0, 0)),
        ([node("a", taints=[{"key": "gpu", "effect": "NoSchedule"}])], [], (0, 0)),
        ([node("a", taints=[{"key": "gpu", "effect": "PreferNoSchedule"}])], [], (3920, 4096)),
        ([node("a", {**READY, "conditions": [{"type": "Ready", "status": "Unknown"}]})], [], (0, 0)),
        ([], [], (0, 0)),
    ],
)
def test_room_is_what_nodes_offer_less_what_pods_ask_for(nodes: Any, pods: Any, expected: tuple[int, int]) -> None:
    found = free_room(nodes, pods)
    assert (found.millicores, found.mebibytes) == expected
    assert sum(found.nodes.values()) == len(nodes)


@pytest.mark.parametrize(
    ("pool", "expected"),
    [
        ({}, 0),
        ({"autoscaling": {"enabled": False, "maxNodeCount": 5}}, 0),
        ({"autoscaling": {"enabled": True, "maxNodeCount": 5}, "locations": ["a", "b", "c"]}, 15),
        ({"autoscaling": {"enabled": True, "maxNodeCount": 5}}, 5),
        ({"autoscaling": {"enabled": True, "totalMaxNodeCount": 4}, "locations": ["a", "b", "c"]}, 4),
    ],
)
def test_a_pool_grows_to_its_limit_in_all_zones(pool: Any, expected: int) -> None:
    assert most_nodes(pool) == expected


@pytest.mark.parametrize(
    ("cluster", "expected"),
    [
        ({}, False),
        ({"autopilot": {"enabled": True}}, True),
        ({"autoscaling": {"enableNodeAutoprovisioning": True}}, True),
        ({"autopilot": {}, "autoscaling": {"autoscalingProfile": "BALANCED"}}, False),
    ],
)
def test_some_clusters_make_nodes_as_pods_need_them(cluster: Any, expected: bool) -> None:
    assert makes_nodes(cluster) is expected
