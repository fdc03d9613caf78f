"""Brings DaemonSets about: one pod on every node that its pods may run on.

Source: DaemonSet (apps/v1). Old pods are replaced one at a time, whatever `maxUnavailable` would allow.
"""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.clusters.controller.accounts import account_of
from sandbox.clusters.controller.objects import (
    Object,
    controller_of,
    is_deleted,
    is_true,
    key_of,
    labels_of,
    name_of,
    namespace_of,
    uid_of,
)
from sandbox.clusters.controller.replica_sets import create_pod
from sandbox.clusters.controller.resources import DAEMON_SETS, NODES, PODS, SERVICE_ACCOUNTS
from sandbox.clusters.controller.scheduler import matches_selector
from sandbox.clusters.controller.templates import REVISION_LABEL, pod_from, template_hash
from sandbox.clusters.controller.world import Key, Reconciler, World, own_key

NAME = "daemon-sets"


async def reconcile(world: World, key: Key) -> None:
    """Look at one DaemonSet."""
    daemon_set = world.get(DAEMON_SETS, key)
    if daemon_set is None or is_deleted(daemon_set):
        return
    template = daemon_set["spec"]["template"]
    wanted = [name_of(node) for node in world.nodes() if matches_selector(template, node)]
    await _step(world, daemon_set, wanted)
    await _write_status(world, daemon_set, wanted)


async def _step(world: World, daemon_set: Object, wanted: list[str]) -> None:
    pods = world.stores[PODS].owned_by(uid_of(daemon_set))
    revision = template_hash(daemon_set["spec"]["template"])
    nodes = {pod["spec"].get("nodeName") for pod in pods}
    for node in wanted:
        if node not in nodes:
            await _create(world, daemon_set, node, revision)
    for pod in pods:
        if pod["spec"].get("nodeName") not in wanted and not is_deleted(pod):
            await world.delete(PODS, pod)
    old = [pod for pod in pods if labels_of(pod).get(REVISION_LABEL) != revision]
    rolls = (daemon_set["spec"].get("updateStrategy") or {}).get("type", "RollingUpdate") == "RollingUpdate"
    others_are_ready = all(is_true(pod, "Ready") and not is_deleted(pod) for pod in pods) and len(pods) == len(wanted)
    if old and rolls and others_are_ready:
        await world.delete(PODS, sorted(old, key=name_of)[0])


async def _create(world: World, daemon_set: Object, node: str, revision: str) -> None:
    metadata = {"generateName": f"{name_of(daemon_set)}-"}
    pod = pod_from(daemon_set, DAEMON_SETS, metadata, {REVISION_LABEL: revision})
    # The real one binds by an affinity that the scheduler reads; the outcome is the same.
    pod["spec"]["nodeName"] = node
    refused = await create_pod(world, daemon_set, pod)
    if refused is not None:
        world.note(daemon_set, DAEMON_SETS, "FailedCreate", f"Error creating: {refused}", warning=True)


async def _write_status(world: World, daemon_set: Object, wanted: list[str]) -> None:
    pods = [pod for pod in world.stores[PODS].owned_by(uid_of(daemon_set)) if not is_deleted(pod)]
    ready = sum(is_true(pod, "Ready") for pod in pods)
    revision = template_hash(daemon_set["spec"]["template"])
    status = {
        "observedGeneration": daemon_set["metadata"].get("generation"),
        "desiredNumberScheduled": len(wanted),
        "currentNumberScheduled": len(pods),
        "updatedNumberScheduled": sum(labels_of(pod).get(REVISION_LABEL) == revision for pod in pods) or None,
        "numberReady": ready,
        "numberAvailable": ready or None,
        "numberUnavailable": len(wanted) - ready or None,
        "numberMisscheduled": 0,
    }
    await world.update_status(DAEMON_SETS, daemon_set, status)


def _of_pod(world: World, pod: Object) -> Iterable[Key]:
    owner = controller_of(pod)
    return ((namespace_of(pod), owner["name"]),) if owner and owner["kind"] == DAEMON_SETS.kind else ()


def _of_node(world: World, node: Object) -> Iterable[Key]:
    return (key_of(daemon_set) for daemon_set in world.stores[DAEMON_SETS].all())


def _of_account(world: World, account: Object) -> Iterable[Key]:
    for daemon_set in world.stores[DAEMON_SETS].within(namespace_of(account)):
        if account_of(daemon_set["spec"]["template"]["spec"]) == name_of(account):
            yield key_of(daemon_set)


RECONCILER = Reconciler(
    NAME, {DAEMON_SETS: own_key, PODS: _of_pod, NODES: _of_node, SERVICE_ACCOUNTS: _of_account}, reconcile
)
