"""Deleting objects: marks, finalizers, dependents, and what follows when something is gone.

A real cluster's garbage collector, namespace controller and custom resource finalizer do the rest of the work in
the background; here it is done before the deletion is answered, with the same writes in the same order.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.kubernetes import crds, garbage, namespaces, system
from sandbox.kubernetes.causes import Cause
from sandbox.kubernetes.cluster import Cluster
from sandbox.kubernetes.resources import Resource
from sandbox.kubernetes.status import conflict, invalid_options
from sandbox.kubernetes.storage import Record
from sandbox.kubernetes.strategies import key_of

Object = dict[str, Any]

CLAIM_PROTECTION = "kubernetes.io/pvc-protection"
VOLUME_PROTECTION = "kubernetes.io/pv-protection"
_DEFAULT_GRACE_SECONDS = 30
_WITHOUT_GRACE = (("", "namespaces"), (crds.GROUP, crds.PLURAL))
_POLICIES = ("Foreground", "Background", "Orphan", "nil")


@dataclass(frozen=True)
class DeleteOptions:
    """How a deletion is meant."""

    policy: str = ""
    grace_seconds: int | None = None
    uid: str = ""
    version: str = ""
    dry_run: bool = False


def read_options(body: Object, query: dict[str, str]) -> DeleteOptions:
    """Read `DeleteOptions` from a request's body and query; the body wins.

    Raises:
        ApiError: The policy is unknown (422) or options exclude each other.
    """
    policy = body.get("propagationPolicy") or query.get("propagationPolicy") or ""
    orphans = body.get("orphanDependents", {"true": True, "false": False}.get(query.get("orphanDependents", "")))
    if policy and policy not in _POLICIES:
        text = f'Unsupported value: "{policy}": supported values: {", ".join(json.dumps(each) for each in _POLICIES)}'
        raise invalid_options("DeleteOptions", [Cause("propagationPolicy", "FieldValueNotSupported", text)])
    if not policy and orphans is not None:
        policy = "Orphan" if orphans else "Background"
    grace = body.get("gracePeriodSeconds", query.get("gracePeriodSeconds"))
    conditions = body.get("preconditions") or {}
    return DeleteOptions(
        policy=policy,
        grace_seconds=None if grace is None else int(grace),
        uid=conditions.get("uid") or "",
        version=conditions.get("resourceVersion") or "",
        dry_run="All" in (body.get("dryRun") or []) or query.get("dryRun") == "All",
    )


def delete(cluster: Cluster, resource: Resource, record: Record, options: DeleteOptions) -> tuple[Object, bool]:
    """Delete an object, or mark it where something holds it.

    Returns:
        The object as it was last, and whether it is gone.

    Raises:
        ApiError: A precondition does not hold (409).
    """
    _check_preconditions(resource, record, options)
    obj = record.copy()
    finalizers = _with_policy(obj, options.policy or _default_policy(resource))
    if key_of(resource) == (crds.GROUP, crds.PLURAL) and crds.CLEANUP not in finalizers:
        finalizers.append(crds.CLEANUP)
    grace = _grace_seconds(resource, obj, options)
    held = bool(finalizers) or bool(obj.get("spec", {}).get("finalizers")) or grace > 0
    if options.dry_run:
        return (_marked(cluster, resource, obj, finalizers, grace) if held else obj), not held
    if not held:
        if key_of(resource) == ("", "pods"):
            obj = _marked(cluster, resource, obj, finalizers, grace)
        _remove(cluster, record)
        return obj, True
    marked = _marked(cluster, resource, obj, finalizers, grace)
    if marked != record.view:
        record = cluster.store.put(record.group, record.resource, marked)
    last = record.copy()
    settle(cluster, record)
    return last, False


def _check_preconditions(resource: Resource, record: Record, options: DeleteOptions) -> None:
    metadata = record.view["metadata"]
    for label, wanted, actual in (
        ("UID", options.uid, metadata["uid"]),
        ("ResourceVersion", options.version, metadata["resourceVersion"]),
    ):
        if wanted and wanted != actual:
            problem = (
                f"the {label} in the precondition ({wanted}) does not match the {label} in record ({actual}). "
                "The object might have been deleted and then recreated"
            )
            raise conflict(resource.group, resource.kind, record.name, problem)


def _default_policy(resource: Resource) -> str:
    # Jobs kept their pods before garbage collection existed, and batch/v1 still does.
    return "Orphan" if key_of(resource) == ("batch", "jobs") else "Background"


def _with_policy(obj: Object, policy: str) -> list[str]:
    own = {"Orphan": garbage.ORPHAN, "Foreground": garbage.FOREGROUND}.get(policy)
    before = obj["metadata"].get("finalizers") or []
    kept = [name for name in before if name not in (garbage.ORPHAN, garbage.FOREGROUND)]
    return [*kept, own] if own else kept


def _grace_seconds(resource: Resource, obj: Object, options: DeleteOptions) -> int:
    """Only pods that were given to a node take their time: its kubelet ends them and deletes them for good."""
    if key_of(resource) != ("", "pods") or not obj["spec"].get("nodeName"):
        return 0
    if (obj.get("status") or {}).get("phase") in ("Succeeded", "Failed"):
        return 0
    if options.grace_seconds is not None:
        return options.grace_seconds
    return int(obj["spec"].get("terminationGracePeriodSeconds", _DEFAULT_GRACE_SECONDS))


def _marked(cluster: Cluster, resource: Resource, obj: Object, finalizers: list[str], grace: int) -> Object:
    metadata = obj["metadata"]
    is_new = "deletionTimestamp" not in metadata
    if is_new or grace < metadata.get("deletionGracePeriodSeconds", 0):
        end = datetime.fromisoformat(cluster.now()).astimezone(UTC) + timedelta(seconds=grace)
        metadata["deletionTimestamp"] = end.strftime("%Y-%m-%dT%H:%M:%SZ")
        metadata["deletionGracePeriodSeconds"] = grace
    if is_new and metadata.get("generation") and key_of(resource) != (crds.GROUP, crds.PLURAL):
        metadata["generation"] += 1
    if key_of(resource) == ("", "namespaces"):
        obj["status"] = {**(obj.get("status") or {}), "phase": "Terminating"}
    if is_new and key_of(resource) == (crds.GROUP, crds.PLURAL):
        obj["status"] = crds.terminating_status(obj, cluster.now())
    if key_of(resource) in _WITHOUT_GRACE:
        metadata.pop("deletionGracePeriodSeconds", None)
    if finalizers:
        metadata["finalizers"] = finalizers
    else:
        metadata.pop("finalizers", None)
    return obj


def settle(cluster: Cluster, record: Record) -> None:
    """Do for an object that goes away what the cluster has to do, and let it go when nothing holds it."""
    obj = record.view
    if not obj["metadata"].get("deletionTimestamp") or record.uid in cluster.settling:
        return
    cluster.settling.add(record.uid)
    try:
        done = _finish(cluster, record)
    finally:
        cluster.settling.discard(record.uid)
    if not done:
        return
    current = cluster.store.get_uid(record.uid)
    if current is not None and is_free(current.view):
        _remove(cluster, current)


def is_free(obj: Object) -> bool:
    """Say whether nothing holds an object that goes away."""
    metadata = obj["metadata"]
    held = metadata.get("finalizers") or (obj.get("spec") or {}).get("finalizers")
    return bool(metadata.get("deletionTimestamp")) and not held and not metadata.get("deletionGracePeriodSeconds")


def _finish(cluster: Cluster, record: Record) -> bool:
    """Take off the finalizers that are the cluster's own, as far as their work is done."""
    obj = record.copy()
    finalizers = list(obj["metadata"].get("finalizers") or [])
    done = [name for name in finalizers if name in _WORK and _WORK[name](cluster, record)]
    changed = bool(done)
    if done:
        obj["metadata"]["finalizers"] = [name for name in finalizers if name not in done]
        if not obj["metadata"]["finalizers"]:
            obj["metadata"].pop("finalizers")
    if (record.group, record.resource) == ("", "namespaces"):
        changed = _empty_namespace(cluster, obj) or changed
    if cluster.store.get_uid(record.uid) is None:
        return False
    if is_free(obj):
        # The last finalizer's removal and the object's are one write.
        _remove(cluster, record)
        return False
    if changed:
        cluster.store.put(record.group, record.resource, obj)
    return True


def _orphan_dependents(cluster: Cluster, record: Record) -> bool:
    for dependent in garbage.dependents_of(cluster.store, record.uid):
        freed = garbage.without_reference(dependent.copy(), record.uid)
        cluster.store.put(dependent.group, dependent.resource, freed)
    return True


def _delete_dependents_first(cluster: Cluster, record: Record) -> bool:
    for dependent in garbage.dependents_of(cluster.store, record.uid):
        if not dependent.view["metadata"].get("deletionTimestamp"):
            _delete_dependent(cluster, dependent, record.uid, "Foreground")
    return next(garbage.blocking_dependents(cluster.store, record.uid), None) is None


def _delete_dependent(cluster: Cluster, dependent: Record, owner: str, policy: str) -> None:
    resource = cluster.resource_of(dependent)
    if resource is None:
        return
    if garbage.existing_owners(cluster.store, dependent.view):
        freed = garbage.without_reference(dependent.copy(), owner)
        cluster.store.put(dependent.group, dependent.resource, freed)
        return
    if policy == "Foreground" and not garbage.dependents_of(cluster.store, dependent.uid):
        policy = "Background"
    delete(cluster, resource, dependent, DeleteOptions(policy=policy))


def _is_claim_unused(cluster: Cluster, record: Record) -> bool:
    for pod in cluster.store.select("", "pods", record.namespace):
        volumes = pod.view["spec"].get("volumes") or []
        claims = {(volume.get("persistentVolumeClaim") or {}).get("claimName") for volume in volumes}
        if record.name in claims and pod.view["status"].get("phase") not in ("Succeeded", "Failed"):
            return False
    return True


def _is_volume_unbound(_: Cluster, record: Record) -> bool:
    return (record.view.get("status") or {}).get("phase") != "Bound"


def _delete_instances(cluster: Cluster, record: Record) -> bool:
    spec = record.view["spec"]
    group, plural = spec["group"], spec["names"]["plural"]
    for instance in cluster.store.select(group, plural):
        resource = cluster.resource_of(instance)
        if resource is not None and not instance.view["metadata"].get("deletionTimestamp"):
            delete(cluster, resource, instance, DeleteOptions(policy="Background"))
    return not cluster.store.select(group, plural)


_WORK = {
    garbage.ORPHAN: _orphan_dependents,
    garbage.FOREGROUND: _delete_dependents_first,
    CLAIM_PROTECTION: _is_claim_unused,
    VOLUME_PROTECTION: _is_volume_unbound,
    crds.CLEANUP: _delete_instances,
}


def _empty_namespace(cluster: Cluster, obj: Object) -> bool:
    """Delete a namespace's content; say whether its own state changed by that."""
    name = obj["metadata"]["name"]
    if namespaces.FINALIZER not in obj["spec"].get("finalizers", []):
        return False
    for record in list(cluster.in_namespace(name)):
        resource = cluster.resource_of(record)
        current = cluster.store.get_uid(record.uid)
        if resource is not None and current is not None and not current.view["metadata"].get("deletionTimestamp"):
            delete(cluster, resource, current, DeleteOptions(policy="Background"))
    remaining = list(cluster.in_namespace(name))
    before = obj.get("status")
    if remaining:
        conditions = namespaces.conditions_while_deleting(remaining, cluster.now())
        obj["status"] = {**(obj.get("status") or {}), "conditions": conditions}
        return bool(_timeless(before) != _timeless(obj["status"]))
    obj["spec"]["finalizers"] = [each for each in obj["spec"]["finalizers"] if each != namespaces.FINALIZER]
    if not obj["spec"]["finalizers"]:
        obj["spec"].pop("finalizers")
    return True


def _timeless(status: Object | None) -> list[tuple[str, str, str]]:
    return [(each["type"], each["status"], each["message"]) for each in (status or {}).get("conditions") or []]


def release(cluster: Cluster, uid: str) -> None:
    """Let an object go that an update has freed of its last finalizer."""
    record = cluster.store.get_uid(uid)
    if record is not None:
        _remove(cluster, record)


def _remove(cluster: Cluster, record: Record) -> None:
    """Take an object out of the store, and do what follows from that."""
    current = cluster.store.get_uid(record.uid)
    if current is None:
        return
    gone = cluster.store.remove(current)
    if (gone.group, gone.resource) == (crds.GROUP, crds.PLURAL):
        cluster.registry.set_custom(gone.name, ())
    for dependent in garbage.dependents_of(cluster.store, record.uid):
        _delete_dependent(cluster, dependent, record.uid, "Background")
    for waiting in _waiting_for(cluster, gone):
        settle(cluster, waiting)
    _replenish(cluster, gone)


def _waiting_for(cluster: Cluster, gone: Record) -> list[Record]:
    """Return what may be able to go now: owners, the namespace, the definition, the claims of a pod."""
    candidates = [cluster.store.get_uid(each["uid"]) for each in garbage.references(gone.view)]
    if gone.namespace:
        candidates.append(cluster.store.get("", "namespaces", "", gone.namespace))
    if (gone.group, gone.resource) == ("", "pods"):
        candidates += cluster.store.select("", "persistentvolumeclaims", gone.namespace)
    candidates.append(crds.definition_of(cluster.store, gone.group, gone.resource))
    return [each for each in candidates if each is not None and each.view["metadata"].get("deletionTimestamp")]


def _replenish(cluster: Cluster, gone: Record) -> None:
    """A namespace that stays gets back what each namespace has."""
    named = (gone.group, gone.resource, gone.name)
    if named not in (("", "serviceaccounts", "default"), ("", "configmaps", system.ROOT_CERTIFICATE)):
        return
    namespace = cluster.store.get("", "namespaces", "", gone.namespace)
    if namespace is not None and not namespace.view["metadata"].get("deletionTimestamp"):
        system.equip_namespace(cluster, gone.namespace)
