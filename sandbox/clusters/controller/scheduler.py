"""Binds pods to nodes, or says in the scheduler's words why not.

Of what a real scheduler weighs, this one knows selectors, names of nodes, cordons and claims; nodes have room for ever.
Source: `POST .../pods/{name}/binding` and the condition PodScheduled.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from sandbox.clusters.controller.objects import (
    Object,
    is_deleted,
    key_of,
    labels_of,
    name_of,
    namespace_of,
    with_times,
)
from sandbox.clusters.controller.references import claims_of
from sandbox.clusters.controller.resources import CLAIMS, NODES, PODS
from sandbox.clusters.controller.world import Key, Reconciler, World, own_key

NAME = "scheduler"
MANAGER = "kube-scheduler"
SELECTED_NODE = "volume.kubernetes.io/selected-node"


async def reconcile(world: World, key: Key) -> None:
    """Look at one pod."""
    pod = world.get(PODS, key)
    if pod is None or is_deleted(pod) or pod["spec"].get("nodeName") or pod["spec"].get("schedulingGates"):
        return
    nodes = world.nodes()
    problem = _claim_problem(world, pod, len(nodes)) or _node_problem(pod, nodes)
    if problem:
        await _report(world, pod, problem)
        return
    node = _least_used(world, [node for node in nodes if why_not(pod, node) is None])
    await _select_node_for_claims(world, pod, node)
    await world.client.create(PODS, _binding(pod, node), "binding")
    text = f"Successfully assigned {namespace_of(pod)}/{name_of(pod)} to {name_of(node)}"
    world.note(pod, PODS, "Scheduled", text)


def _binding(pod: Object, node: Object) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Binding",
        "metadata": {"name": name_of(pod), "namespace": namespace_of(pod), "uid": pod["metadata"]["uid"]},
        "target": {"apiVersion": "v1", "kind": "Node", "name": name_of(node)},
    }


def why_not(pod: Object, node: Object) -> str | None:
    """Return why a pod cannot run on a node, or None."""
    if node["spec"].get("unschedulable"):
        return "node(s) were unschedulable"
    if not matches_selector(pod, node):
        return "node(s) didn't match Pod's node affinity/selector"
    return None


def matches_selector(pod: Object, node: Object) -> bool:
    """Say whether a node has the labels that a pod, or a template of pods, selects."""
    wanted = pod["spec"].get("nodeSelector") or {}
    return all(labels_of(node).get(label) == value for label, value in wanted.items())


def _node_problem(pod: Object, nodes: list[Object]) -> str | None:
    if not nodes:
        return "no nodes available to schedule pods"
    reasons = Counter(reason for node in nodes if (reason := why_not(pod, node)))
    if sum(reasons.values()) < len(nodes):
        return None
    listed = ", ".join(f"{number} {reason}" for reason, number in sorted(reasons.items()))
    useless = f"0/{len(nodes)} nodes are available: {len(nodes)} Preemption is not helpful for scheduling."
    return f"0/{len(nodes)} nodes are available: {listed}. preemption: {useless}"


def _claim_problem(world: World, pod: Object, nodes: int) -> str | None:
    for name in claims_of(pod):
        if world.get(CLAIMS, (namespace_of(pod), name)) is None:
            useless = f"0/{nodes} nodes are available: {nodes} Preemption is not helpful for scheduling."
            problem = f'persistentvolumeclaim "{name}" not found'
            return f"0/{nodes} nodes are available: {problem}. preemption: {useless}"
    return None


async def _report(world: World, pod: Object, problem: str) -> None:
    world.note(pod, PODS, "FailedScheduling", problem, warning=True)
    scheduled = {
        "type": "PodScheduled",
        "status": "False",
        "reason": "Unschedulable",
        "message": problem,
        "lastProbeTime": None,
    }
    known = pod["status"].get("conditions") or []
    conditions = with_times([scheduled], known, ("lastTransitionTime",))
    await world.update_status(PODS, pod, {"phase": "Pending", "conditions": conditions}, manager=MANAGER)


def _least_used(world: World, nodes: list[Object]) -> Object:
    used = Counter(pod["spec"].get("nodeName") for pod in world.stores[PODS].all())
    return min(nodes, key=lambda node: (used[name_of(node)], name_of(node)))


async def _select_node_for_claims(world: World, pod: Object, node: Object) -> None:
    """Tell the claims that waited for their first consumer where it runs."""
    for name in claims_of(pod):
        claim = world.get(CLAIMS, (namespace_of(pod), name))
        if claim and "volumeName" not in claim["spec"]:
            await world.patch(CLAIMS, claim, {"metadata": {"annotations": {SELECTED_NODE: name_of(node)}}})


def _unscheduled(world: World, obj: Object) -> Iterable[Key]:
    for pod in world.stores[PODS].all():
        if not pod["spec"].get("nodeName"):
            yield key_of(pod)


def _using_claim(world: World, claim: Object) -> Iterable[Key]:
    for pod in world.stores[PODS].within(namespace_of(claim)):
        if not pod["spec"].get("nodeName") and name_of(claim) in claims_of(pod):
            yield key_of(pod)


RECONCILER = Reconciler(NAME, {PODS: own_key, NODES: _unscheduled, CLAIMS: _using_claim}, reconcile)
