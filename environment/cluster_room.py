"""Whether the nodes of a cluster have room for more pods: what they offer, less what their pods have asked for.

What is over on different nodes is added up, as if a pod could be cut in pieces: a little too much is believed.

Sources: https://kubernetes.io/docs/concepts/configuration/manage-resources-containers (requests of a pod),
NodePoolAutoscaling and ClusterAutoscaling of container v1.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from typing import Any

from environment.existing_facts import RoomFacts

POOL_LABEL = "cloud.google.com/gke-nodepool"
MIB = 2**20
_KEEPING_OFF = frozenset({"NoSchedule", "NoExecute"})
_ENDED = frozenset({"Succeeded", "Failed"})
Document = Mapping[str, Any]


def free_room(nodes: Iterable[Document], pods: Iterable[Document]) -> RoomFacts:
    """Return what is over on the nodes that take pods.

    Args:
        nodes: All nodes, as the API server lists them.
        pods: All pods.
    """
    found = {node["metadata"]["name"]: node for node in nodes}
    usable = {name for name, node in found.items() if _takes_pods(node)}
    running = [pod for pod in pods if _is_on(pod, usable)]

    def left(resource: str) -> Decimal:
        offered = sum((_amount(found[name]["status"].get("allocatable"), resource) for name in usable), Decimal())
        return offered - sum((_request(pod, resource) for pod in running), Decimal())

    pools = Counter((node["metadata"].get("labels") or {}).get(POOL_LABEL, "") for node in found.values())
    return RoomFacts(millicores=int(left("cpu") * 1000), mebibytes=int(left("memory") / MIB), nodes=pools)


def makes_nodes(cluster: Document) -> bool:
    """Tell of a cluster, as GKE describes it, whether node pools are made as pods need them.

    By Autopilot, or by node auto-provisioning.
    """
    provisioning = (cluster.get("autoscaling") or {}).get("enableNodeAutoprovisioning")
    return bool((cluster.get("autopilot") or {}).get("enabled") or provisioning)


def most_nodes(pool: Document) -> int:
    """Return how many nodes a pool, as GKE describes it, may grow to in all its zones; 0 where it does not."""
    scaling = pool.get("autoscaling") or {}
    if not scaling.get("enabled"):
        return 0
    in_each = int(scaling.get("maxNodeCount") or 0) * max(1, len(pool.get("locations") or ()))
    return int(scaling.get("totalMaxNodeCount") or 0) or in_each


def _takes_pods(node: Document) -> bool:
    spec, conditions = node.get("spec") or {}, (node.get("status") or {}).get("conditions") or ()
    is_ready = any((one["type"], one["status"]) == ("Ready", "True") for one in conditions)
    keeps_off = any(taint.get("effect") in _KEEPING_OFF for taint in spec.get("taints") or ())
    return is_ready and not keeps_off and not spec.get("unschedulable")


def _is_on(pod: Document, nodes: Collection[str]) -> bool:
    return pod["spec"].get("nodeName") in nodes and (pod.get("status") or {}).get("phase") not in _ENDED


def _request(pod: Document, resource: str) -> Decimal:
    """Return what the scheduler counts: all containers, or the largest of those that run before them."""
    spec = pod["spec"]
    together = sum((_of_container(one, resource) for one in spec.get("containers") or ()), Decimal())
    before = max((_of_container(one, resource) for one in spec.get("initContainers") or ()), default=Decimal())
    return max(together, before)


def _of_container(container: Document, resource: str) -> Decimal:
    return _amount((container.get("resources") or {}).get("requests"), resource)


def _amount(quantities: Document | None, resource: str) -> Decimal:
    from kubernetes.utils.quantity import parse_quantity

    return Decimal(parse_quantity((quantities or {}).get(resource, 0)))  # type: ignore[no-untyped-call]
