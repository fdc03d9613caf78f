"""Brings Deployments about: one ReplicaSet for each template, rolled over within the limits, and the status.

Source: Deployment (apps/v1). Reasons and messages are those of kube-controller-manager's deployment controller.
"""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.clusters.controller import rollout
from sandbox.clusters.controller.client import ApiError
from sandbox.clusters.controller.objects import (
    Object,
    annotations_of,
    condition,
    controller_of,
    controller_reference,
    is_deleted,
    key_of,
    labels_of,
    name_of,
    namespace_of,
    seconds_since,
    uid_of,
    with_times,
)
from sandbox.clusters.controller.resources import DEPLOYMENTS, PODS, REPLICA_SETS
from sandbox.clusters.controller.templates import HASH_LABEL, comparable, template_hash
from sandbox.clusters.controller.world import Key, Reconciler, World, own_key

REVISION = "deployment.kubernetes.io/revision"
NAME = "deployments"


async def reconcile(world: World, key: Key) -> None:
    """Look at one Deployment."""
    deployment = world.get(DEPLOYMENTS, key)
    if deployment is None or is_deleted(deployment):
        return
    owned = sorted(world.stores[REPLICA_SETS].owned_by(uid_of(deployment)), key=_age)
    owned = [each for each in owned if not is_deleted(each)]
    new = find_new(deployment, owned)
    old = [each for each in owned if each is not new]
    progress = None
    if not deployment["spec"].get("paused"):
        new, progress = await _roll(world, deployment, new, old)
    await _write_status(world, deployment, new, old, progress)


def find_new(deployment: Object, owned: Iterable[Object]) -> Object | None:
    """Return the oldest ReplicaSet that has the Deployment's template."""
    wanted = comparable(deployment["spec"]["template"])
    return next((each for each in owned if comparable(each["spec"]["template"]) == wanted), None)


async def _roll(
    world: World, deployment: Object, new: Object | None, old: list[Object]
) -> tuple[Object | None, Object | None]:
    """Take one step of the rollout; return the new ReplicaSet and what it says of the progress."""
    limits = rollout.read_limits(deployment)
    recreates = (deployment["spec"].get("strategy") or {}).get("type") == "Recreate"
    if recreates and any(each["spec"]["replicas"] or _has_pods(world, each) for each in old):
        for each in old:
            await _scale(world, deployment, each, 0)
        return new, None
    progress = None
    if new is None:
        new = await _create(world, deployment, limits, old)
        text = f'Created new replica set "{name_of(new)}"'
        progress = rollout.progressing_condition("True", "NewReplicaSetCreated", text)
    else:
        await _mark_newest(world, new, old)
    sizes = rollout.rolling_scales(limits, _scale_of(new), [_scale_of(each) for each in old])
    for each in [new, *old]:
        await _scale(world, deployment, each, sizes.get(name_of(each), each["spec"]["replicas"]))
    if rollout.is_complete(limits, rollout.count(new, old)):
        await _forget_history(world, deployment, old)
    return new, progress


async def _create(world: World, deployment: Object, limits: rollout.Limits, old: list[Object]) -> Object:
    template = deployment["spec"]["template"]
    labels = {**(template["metadata"].get("labels") or {}), HASH_LABEL: template_hash(template)}
    selector = deployment["spec"]["selector"]
    matching = {**(selector.get("matchLabels") or {}), HASH_LABEL: labels[HASH_LABEL]}
    replicas = rollout.initial_replicas(limits, [_scale_of(each) for each in old])
    replica_set = {
        "apiVersion": REPLICA_SETS.api_version,
        "kind": REPLICA_SETS.kind,
        "metadata": {
            "name": f"{name_of(deployment)}-{labels[HASH_LABEL]}",
            "namespace": namespace_of(deployment),
            "labels": labels,
            "annotations": {REVISION: str(_newest_revision(old) + 1), **_size_annotations(limits)},
            "ownerReferences": [controller_reference(deployment, DEPLOYMENTS)],
        },
        "spec": {
            "replicas": replicas,
            "minReadySeconds": deployment["spec"].get("minReadySeconds", 0),
            "selector": {**selector, "matchLabels": matching},
            "template": {**template, "metadata": {**template["metadata"], "labels": labels}},
        },
    }
    try:
        created = await world.create(REPLICA_SETS, replica_set)
    except ApiError as error:
        if error.is_conflict:
            await _adopt(world, deployment, replica_set)
        raise
    _note_scaling(world, deployment, created, 0, replicas)
    return created


async def _adopt(world: World, deployment: Object, wanted: Object) -> None:
    """Take over a ReplicaSet of that name that a Deployment left behind as an orphan."""
    found = world.get(REPLICA_SETS, key_of(wanted))
    if found and not is_deleted(found) and controller_of(found) is None:
        references = {"ownerReferences": [controller_reference(deployment, DEPLOYMENTS)]}
        await world.patch(REPLICA_SETS, found, {"metadata": references})


async def _mark_newest(world: World, new: Object, old: list[Object]) -> None:
    """Give a ReplicaSet that a rollback brought back the highest revision."""
    newest = _newest_revision(old)
    if _revision(new) <= newest:
        await world.patch(REPLICA_SETS, new, {"metadata": {"annotations": {REVISION: str(newest + 1)}}})


async def _scale(world: World, deployment: Object, replica_set: Object, replicas: int) -> None:
    before = replica_set["spec"]["replicas"]
    if before == replicas:
        return
    annotations = _size_annotations(rollout.read_limits(deployment))
    await world.patch(
        REPLICA_SETS, replica_set, {"metadata": {"annotations": annotations}, "spec": {"replicas": replicas}}
    )
    _note_scaling(world, deployment, replica_set, before, replicas)


def _note_scaling(world: World, deployment: Object, replica_set: Object, before: int, after: int) -> None:
    if before != after:
        direction = "up" if after > before else "down"
        text = f"Scaled {direction} replica set {name_of(replica_set)} from {before} to {after}"
        world.note(deployment, DEPLOYMENTS, "ScalingReplicaSet", text)


async def _forget_history(world: World, deployment: Object, old: list[Object]) -> None:
    limit = deployment["spec"].get("revisionHistoryLimit", 10)
    empty = [each for each in old if not each["spec"]["replicas"] and not _has_pods(world, each)]
    for each in sorted(empty, key=_revision)[: max(0, len(empty) - limit)]:
        await world.delete(REPLICA_SETS, each)


async def _write_status(
    world: World, deployment: Object, new: Object | None, old: list[Object], progress: Object | None
) -> None:
    # The steps before may have changed what the stores have.
    new = _fresh(world, new) if new else None
    current = [fresh for each in old if (fresh := _fresh(world, each))]
    limits, counts = rollout.read_limits(deployment), rollout.count(new, current)
    wanted = sum(each["spec"]["replicas"] for each in [*current, *([new] if new else [])])
    conditions = [
        rollout.available_condition(limits, counts),
        _progressing(world, deployment, new, counts, progress),
        *_replica_failure(new, current),
    ]
    kept = (deployment.get("status") or {}).get("conditions") or []
    status = {
        "observedGeneration": deployment["metadata"].get("generation"),
        **{name: number or None for name, number in counts.total.items()},
        "unavailableReplicas": max(0, wanted - counts.available) or None,
        "conditions": with_times(conditions, kept, ("lastUpdateTime", "lastTransitionTime")),
    }
    annotations = {REVISION: annotations_of(new)[REVISION]} if new and REVISION in annotations_of(new) else {}
    await world.update_status(DEPLOYMENTS, deployment, status, annotations=annotations)


def _progressing(
    world: World, deployment: Object, new: Object | None, counts: rollout.Counts, progress: Object | None
) -> Object:
    known = condition(deployment, "Progressing")
    name = f'ReplicaSet "{name_of(new)}"' if new else f'Deployment "{name_of(deployment)}"'
    if deployment["spec"].get("paused"):
        return rollout.progressing_condition("Unknown", "DeploymentPaused", "Deployment is paused")
    if rollout.is_complete(rollout.read_limits(deployment), counts):
        return rollout.progressing_condition("True", "NewReplicaSetAvailable", f"{name} has successfully progressed.")
    if progress:
        return progress
    if known and known["reason"] == "NewReplicaSetAvailable" and counts.updated == counts.replicas:
        # A pod that fails after the rollout was complete does not make it begin again.
        return _without_times(known)
    if known is None or _has_moved(deployment, counts) or known["reason"] == "NewReplicaSetAvailable":
        return rollout.progressing_condition("True", "ReplicaSetUpdated", f"{name} is progressing.")
    if _is_late(world, deployment, known):
        return rollout.progressing_condition("False", "ProgressDeadlineExceeded", f"{name} has timed out progressing.")
    return _without_times(known)


def _has_moved(deployment: Object, counts: rollout.Counts) -> bool:
    before = deployment.get("status") or {}
    old_before = before.get("replicas", 0) - before.get("updatedReplicas", 0)
    return bool(
        counts.updated > before.get("updatedReplicas", 0)
        or counts.replicas - counts.updated < old_before
        or counts.ready > before.get("readyReplicas", 0)
        or counts.available > before.get("availableReplicas", 0)
    )


def _is_late(world: World, deployment: Object, known: Object) -> bool:
    deadline = deployment["spec"].get("progressDeadlineSeconds", 600)
    if known["reason"] == "ProgressDeadlineExceeded":
        return True
    # Where nothing takes time, a rollout that does not end still gets the seconds that its spec gives it.
    rest = (world.pace(deadline) or deadline) - seconds_since(known["lastUpdateTime"])
    if rest > 0:
        world.queue.add_after((NAME, key_of(deployment)), rest + 0.1)
    return rest <= 0


def _without_times(known: Object) -> Object:
    return {name: value for name, value in known.items() if not name.startswith("last")}


def _replica_failure(new: Object | None, old: list[Object]) -> list[Object]:
    for each in [*([new] if new else []), *old]:
        failure = condition(each, "ReplicaFailure")
        if failure and failure["status"] == "True":
            return [_without_times(failure)]
    return []


def _fresh(world: World, replica_set: Object) -> Object | None:
    return world.get(REPLICA_SETS, key_of(replica_set))


def _has_pods(world: World, replica_set: Object) -> bool:
    return bool(world.stores[PODS].owned_by(uid_of(replica_set)))


def _scale_of(replica_set: Object) -> rollout.Scale:
    available = (replica_set.get("status") or {}).get("availableReplicas", 0)
    return rollout.Scale(name_of(replica_set), replica_set["spec"]["replicas"], available)


def _size_annotations(limits: rollout.Limits) -> dict[str, str]:
    return {
        "deployment.kubernetes.io/desired-replicas": str(limits.replicas),
        "deployment.kubernetes.io/max-replicas": str(limits.replicas + limits.max_surge),
    }


def _revision(replica_set: Object) -> int:
    return int(annotations_of(replica_set).get(REVISION, "0"))


def _newest_revision(replica_sets: list[Object]) -> int:
    return max((_revision(each) for each in replica_sets), default=0)


def _age(obj: Object) -> tuple[str, str]:
    return str(obj["metadata"].get("creationTimestamp", "")), name_of(obj)


def _of_replica_set(world: World, replica_set: Object) -> Iterable[Key]:
    owner = controller_of(replica_set)
    return ((namespace_of(replica_set), owner["name"]),) if owner and owner["kind"] == DEPLOYMENTS.kind else ()


def _of_pod(world: World, pod: Object) -> Iterable[Key]:
    """A Deployment that recreates waits until its old pods are gone."""
    owner = controller_of(pod)
    if owner is None or owner["kind"] != REPLICA_SETS.kind or HASH_LABEL not in labels_of(pod):
        return ()
    if world.get(PODS, key_of(pod)) is not None:
        return ()
    replica_set = world.get(REPLICA_SETS, (namespace_of(pod), owner["name"]))
    return _of_replica_set(world, replica_set) if replica_set else ()


RECONCILER = Reconciler(NAME, {DEPLOYMENTS: own_key, REPLICA_SETS: _of_replica_set, PODS: _of_pod}, reconcile)
