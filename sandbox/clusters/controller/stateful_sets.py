"""Brings StatefulSets about: numbered pods, one after the other, each with its claims.

Source: StatefulSet (apps/v1). Revisions are known by a hash in the pods' labels; ControllerRevisions are not kept.
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
from sandbox.clusters.controller.replica_sets import create_pod, is_available
from sandbox.clusters.controller.resources import CLAIMS, PODS, SERVICE_ACCOUNTS, STATEFUL_SETS
from sandbox.clusters.controller.templates import REVISION_LABEL, pod_from, template_hash
from sandbox.clusters.controller.world import Key, Reconciler, World, own_key

NAME = "stateful-sets"
POD_NAME_LABEL = "statefulset.kubernetes.io/pod-name"
INDEX_LABEL = "apps.kubernetes.io/pod-index"


async def reconcile(world: World, key: Key) -> None:
    """Look at one StatefulSet."""
    stateful_set = world.get(STATEFUL_SETS, key)
    if stateful_set is None or is_deleted(stateful_set):
        return
    pods = {name_of(pod): pod for pod in world.stores[PODS].owned_by(uid_of(stateful_set))}
    await _step(world, stateful_set, pods)
    await _write_status(world, stateful_set)


async def _step(world: World, stateful_set: Object, pods: dict[str, Object]) -> None:
    """Make what is missing, take away what is too much, then replace what is old; stop at a pod that is not ready."""
    names = _names(stateful_set)
    in_order = stateful_set["spec"].get("podManagementPolicy", "OrderedReady") == "OrderedReady"
    for index, name in enumerate(names):
        pod = pods.get(name)
        if pod is None:
            await _create(world, stateful_set, name, index)
        if in_order and (pod is None or is_deleted(pod) or not is_true(pod, "Ready")):
            return
    surplus = sorted((pod for name, pod in pods.items() if name not in names), key=_index, reverse=True)
    for pod in surplus:
        if not is_deleted(pod):
            await world.delete(PODS, pod)
        if in_order:
            return
    revision = _revision(stateful_set)
    old = [
        pods[name] for name in reversed(names) if name in pods and labels_of(pods[name]).get(REVISION_LABEL) != revision
    ]
    if old and _rolls(stateful_set) and not any(is_deleted(pod) for pod in pods.values()):
        await world.delete(PODS, old[0])


async def _create(world: World, stateful_set: Object, name: str, index: int) -> None:
    labels = {POD_NAME_LABEL: name, INDEX_LABEL: str(index), REVISION_LABEL: _revision(stateful_set)}
    pod = pod_from(stateful_set, STATEFUL_SETS, {"name": name}, labels)
    pod["spec"]["hostname"] = name
    pod["spec"]["subdomain"] = stateful_set["spec"].get("serviceName", "")
    volumes = pod["spec"].setdefault("volumes", [])
    for template in stateful_set["spec"].get("volumeClaimTemplates") or []:
        claim_name = f"{name_of(template)}-{name}"
        volumes.append({"name": name_of(template), "persistentVolumeClaim": {"claimName": claim_name}})
        await _ensure_claim(world, stateful_set, template, claim_name)
    refused = await create_pod(world, stateful_set, pod)
    if refused is None:
        text = f"create Pod {name} in StatefulSet {name_of(stateful_set)} successful"
        world.note(stateful_set, STATEFUL_SETS, "SuccessfulCreate", text)
    else:
        text = f"create Pod {name} in StatefulSet {name_of(stateful_set)} failed error: {refused}"
        world.note(stateful_set, STATEFUL_SETS, "FailedCreate", text, warning=True)


async def _ensure_claim(world: World, stateful_set: Object, template: Object, name: str) -> None:
    namespace = namespace_of(stateful_set)
    if world.get(CLAIMS, (namespace, name)) is None:
        labels = stateful_set["spec"]["selector"].get("matchLabels") or {}
        metadata = {"name": name, "namespace": namespace, "labels": {**labels_of(template), **labels}}
        claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata}
        await world.create(CLAIMS, {**claim, "spec": template["spec"]})


async def _write_status(world: World, stateful_set: Object) -> None:
    pods = [pod for pod in world.stores[PODS].owned_by(uid_of(stateful_set)) if not is_deleted(pod)]
    revision = _revision(stateful_set)
    updated = sum(labels_of(pod).get(REVISION_LABEL) == revision for pod in pods)
    minimum = stateful_set["spec"].get("minReadySeconds", 0)
    item = (NAME, key_of(stateful_set))
    known = stateful_set.get("status") or {}
    is_done = updated == len(pods) == stateful_set["spec"].get("replicas", 1)
    current = revision if is_done or "currentRevision" not in known else known["currentRevision"]
    status = {
        "observedGeneration": stateful_set["metadata"].get("generation"),
        "replicas": len(pods),
        "readyReplicas": sum(is_true(pod, "Ready") for pod in pods) or None,
        "availableReplicas": sum(is_available(world, item, pod, minimum) for pod in pods),
        "currentReplicas": sum(labels_of(pod).get(REVISION_LABEL) == current for pod in pods) or None,
        "updatedReplicas": updated or None,
        "currentRevision": current,
        "updateRevision": revision,
    }
    await world.update_status(STATEFUL_SETS, stateful_set, status)


def _names(stateful_set: Object) -> list[str]:
    return [f"{name_of(stateful_set)}-{index}" for index in range(stateful_set["spec"].get("replicas", 1))]


def _revision(stateful_set: Object) -> str:
    return f"{name_of(stateful_set)}-{template_hash(stateful_set['spec']['template'])}"


def _rolls(stateful_set: Object) -> bool:
    return bool((stateful_set["spec"].get("updateStrategy") or {}).get("type", "RollingUpdate") == "RollingUpdate")


def _index(pod: Object) -> int:
    return int(labels_of(pod).get(INDEX_LABEL, "0"))


def _of_pod(world: World, pod: Object) -> Iterable[Key]:
    owner = controller_of(pod)
    return ((namespace_of(pod), owner["name"]),) if owner and owner["kind"] == STATEFUL_SETS.kind else ()


def _of_account(world: World, account: Object) -> Iterable[Key]:
    for stateful_set in world.stores[STATEFUL_SETS].within(namespace_of(account)):
        if account_of(stateful_set["spec"]["template"]["spec"]) == name_of(account):
            yield key_of(stateful_set)


RECONCILER = Reconciler(NAME, {STATEFUL_SETS: own_key, PODS: _of_pod, SERVICE_ACCOUNTS: _of_account}, reconcile)
