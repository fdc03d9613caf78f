"""Brings ReplicaSets about: as many pods as wanted, and a status that counts them.

Source: ReplicaSet (apps/v1). Reasons and messages are those of kube-controller-manager's replicaset controller.
"""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.clusters.controller.accounts import account_of, refuse_pod
from sandbox.clusters.controller.client import ApiError
from sandbox.clusters.controller.objects import (
    Object,
    condition,
    controller_of,
    is_deleted,
    is_true,
    key_of,
    name_of,
    namespace_of,
    seconds_since,
    uid_of,
    with_times,
)
from sandbox.clusters.controller.resources import PODS, REPLICA_SETS, SERVICE_ACCOUNTS
from sandbox.clusters.controller.templates import pod_from
from sandbox.clusters.controller.world import Item, Key, Reconciler, World, own_key

NAME = "replica-sets"


async def reconcile(world: World, key: Key) -> None:
    """Look at one ReplicaSet."""
    replica_set = world.get(REPLICA_SETS, key)
    if replica_set is None:
        return
    failure = None
    if not is_deleted(replica_set):
        pods = active_pods(world, replica_set)
        surplus = len(pods) - replica_set["spec"].get("replicas", 1)
        if surplus < 0:
            failure = await _create_pods(world, replica_set, -surplus)
        for pod in sorted(pods, key=_worth)[: max(0, surplus)]:
            await world.delete(PODS, pod)
            text = f"Deleted pod: {name_of(pod)}"
            world.note(replica_set, REPLICA_SETS, "SuccessfulDelete", text)
    await _write_status(world, replica_set, failure)


def active_pods(world: World, owner: Object) -> list[Object]:
    """Return the pods of a workload that count: neither ended nor ending."""
    pods = world.stores[PODS].owned_by(uid_of(owner))
    return [pod for pod in pods if not is_deleted(pod) and pod["status"].get("phase") not in ("Succeeded", "Failed")]


def is_available(world: World, item: Item, pod: Object, min_ready_seconds: int) -> bool:
    """Say whether a pod has been ready for long enough; if it will be, look at the item again then."""
    if not is_true(pod, "Ready"):
        return False
    ready = condition(pod, "Ready")
    seconds = world.pace(min_ready_seconds)
    if seconds <= 0 or ready is None:
        return True
    rest = seconds - seconds_since(ready["lastTransitionTime"])
    if rest > 0:
        world.queue.add_after(item, rest)
    return rest <= 0


async def create_pod(world: World, owner: Object, pod: Object) -> str | None:
    """Create a pod; return why it was refused, or None."""
    metadata = pod["metadata"]
    refused = refuse_pod(world, metadata["namespace"], metadata.get("name") or metadata["generateName"], pod["spec"])
    if refused is None:
        try:
            await world.create(PODS, pod)
        except ApiError as error:
            if error.status not in (400, 403, 422):
                raise
            refused = str(error).partition(": ")[2]
    return refused


async def _create_pods(world: World, replica_set: Object, number: int) -> str | None:
    for _ in range(number):
        pod = pod_from(replica_set, REPLICA_SETS, {"generateName": f"{name_of(replica_set)}-"})
        refused = await create_pod(world, replica_set, pod)
        if refused is not None:
            world.note(replica_set, REPLICA_SETS, "FailedCreate", f"Error creating: {refused}", warning=True)
            return refused
    return None


async def _write_status(world: World, replica_set: Object, failure: str | None) -> None:
    item = (NAME, key_of(replica_set))
    pods = active_pods(world, replica_set)
    minimum = replica_set["spec"].get("minReadySeconds", 0)
    conditions = []
    if failure is not None:
        conditions.append({"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": failure})
    known = (replica_set.get("status") or {}).get("conditions") or []
    status = {
        "observedGeneration": replica_set["metadata"].get("generation"),
        "replicas": len(pods),
        "fullyLabeledReplicas": len(pods) or None,
        "readyReplicas": sum(is_true(pod, "Ready") for pod in pods) or None,
        "availableReplicas": sum(is_available(world, item, pod, minimum) for pod in pods) or None,
        "conditions": with_times(conditions, known, ("lastTransitionTime",)) or None,
    }
    await world.update_status(REPLICA_SETS, replica_set, status)


def _worth(pod: Object) -> tuple[bool, bool, str]:
    """Order pods by what they are worth: those not scheduled and not ready go first, then the youngest."""
    created = str(pod["metadata"].get("creationTimestamp", ""))
    youngest_first = "".join(chr(0x10FFFF - ord(letter)) for letter in created)
    return "nodeName" in pod["spec"], is_true(pod, "Ready"), youngest_first


def _of_pod(world: World, pod: Object) -> Iterable[Key]:
    owner = controller_of(pod)
    return ((namespace_of(pod), owner["name"]),) if owner and owner["kind"] == REPLICA_SETS.kind else ()


def _of_account(world: World, account: Object) -> Iterable[Key]:
    """Those that could not create pods for want of this account."""
    for replica_set in world.stores[REPLICA_SETS].within(namespace_of(account)):
        if account_of(replica_set["spec"]["template"]["spec"]) == name_of(account):
            yield key_of(replica_set)


RECONCILER = Reconciler(NAME, {REPLICA_SETS: own_key, PODS: _of_pod, SERVICE_ACCOUNTS: _of_account}, reconcile)
