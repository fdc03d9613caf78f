"""Take an installation off a cluster in an order that cannot deadlock, within a deadline.

Custom resources go while their controllers still run and can take their finalizers off; then the webhooks and API
services whose backend is in the namespace, which would refuse or hang each later deletion; then load balancers and
claims, so that Google's side of them goes while somebody cleans up; the namespace last.

Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/ and .../finalizers/
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from clients.kubernetes import apply_sets
from clients.kubernetes.discovery import Resource
from clients.kubernetes.objects import Objects
from clients.kubernetes.watch import watch
from clients.parallel import in_parallel
from environment.apply_set import ApplySet
from environment.errors import KubernetesError
from environment.objects import ObjectReference, reference_of

DEFINITIONS = Resource("apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions", False)
API_SERVICES = Resource("apiregistration.k8s.io", "v1", "APIService", "apiservices", False)
WEBHOOKS = tuple(
    Resource(
        "admissionregistration.k8s.io",
        "v1",
        f"{kind}WebhookConfiguration",
        f"{kind.lower()}webhookconfigurations",
        False,
    )
    for kind in ("Mutating", "Validating")
)
NAMESPACES = Resource("", "v1", "Namespace", "namespaces", False)
SERVICES = Resource("", "v1", "Service", "services", True)
CLAIMS = Resource("", "v1", "PersistentVolumeClaim", "persistentvolumeclaims", True)
OnRemoved = Callable[[ObjectReference], None]


def remove_installation(
    objects: Objects, apply_set: ApplySet, *, timeout_seconds: float, on_removed: OnRemoved
) -> None:
    """Remove all of an installation that has effects outside of its cluster or could block its end.

    Raises:
        KubernetesError: At the deadline, naming the objects that are still there and their finalizers.
    """
    deadline, namespace = time.monotonic() + timeout_seconds, apply_set.namespace
    _remove_what_blocks(objects, apply_set, deadline, on_removed)
    balancers = [one for one in objects.list(SERVICES).items if one["spec"].get("type") == "LoadBalancer"]
    _delete(objects, balancers, on_removed)
    _delete(objects, _one(objects, NAMESPACES, namespace), on_removed)
    claims = [
        one for one in objects.list(CLAIMS, metadata_only=True).items if one["metadata"]["namespace"] != namespace
    ]
    _delete(objects, claims, on_removed)
    _wait_for_namespace(objects, namespace, deadline)
    _wait_for(objects, SERVICES, balancers, deadline)


def remove_namespace(objects: Objects, apply_set: ApplySet, *, timeout_seconds: float, on_removed: OnRemoved) -> None:
    """Remove an installation with its namespace from a cluster that stays: nothing of other namespaces is touched.

    Raises:
        KubernetesError: At the deadline, naming the objects that are still there and their finalizers.
    """
    deadline = time.monotonic() + timeout_seconds
    _remove_what_blocks(objects, apply_set, deadline, on_removed)
    _delete(objects, _one(objects, NAMESPACES, apply_set.namespace), on_removed)
    _wait_for_namespace(objects, apply_set.namespace, deadline)


def remove_members(
    objects: Objects, apply_set: ApplySet, *, timeout_seconds: float, on_removed: OnRemoved
) -> tuple[ObjectReference, ...]:
    """Remove all of an installation from a cluster that is not ours; return the definitions that others use, and stay.

    The namespace goes last: its Secret is what tells that the rest is ours, to a second try too.

    Raises:
        KubernetesError: At the deadline, naming the objects that are still there and their finalizers; or when the
            namespace is another tool's or environment's.
    """
    deadline = time.monotonic() + timeout_seconds
    extent = apply_sets.read_extent(objects, apply_set)
    if extent is None:
        found = _one(objects, NAMESPACES, apply_set.namespace)
        if any(apply_set.has_made(one) for one in found):  # by a run that died before its parent, or after
            _delete(objects, found, on_removed)
            _wait_for_namespace(objects, apply_set.namespace, deadline)
        return ()
    _remove_what_blocks(objects, apply_set, deadline, on_removed)
    members = apply_sets.list_members(objects, apply_set, extent)
    ours = {one.identity for one in members}
    used = {
        f"{kind.plural}.{kind.group}"
        for kind in _own_kinds(objects, apply_set)
        if any(reference_of(one).identity not in ours for one in objects.list(kind, metadata_only=True).items)
    }
    kept = tuple(sorted(one for one in members if one.kind == DEFINITIONS.kind and one.name in used))
    for reference in sorted(members):
        stays = reference.namespace or reference.kind == NAMESPACES.kind or reference in kept
        if not stays and objects.delete(reference, members[reference]):
            on_removed(reference)
    _delete(objects, _one(objects, NAMESPACES, apply_set.namespace), on_removed)
    _wait_for_namespace(objects, apply_set.namespace, deadline)
    return kept


def _remove_what_blocks(objects: Objects, apply_set: ApplySet, deadline: float, on_removed: OnRemoved) -> None:
    """Remove custom resources, then the webhooks and API services that a Service of the namespace answers for."""
    kinds = [kind for kind in _own_kinds(objects, apply_set) if kind.is_namespaced]
    custom = [one for kind in kinds for one in objects.list(kind, apply_set.namespace, metadata_only=True).items]
    _delete(objects, custom, on_removed)
    for kind in kinds:
        _wait_until_none(objects, kind, apply_set.namespace, deadline)
    _delete(objects, _reaching_into(objects, apply_set.namespace), on_removed)


def _own_kinds(objects: Objects, apply_set: ApplySet) -> tuple[Resource, ...]:
    """Return the kinds that the installation's own definitions define."""
    found = objects.list(DEFINITIONS, query={"labelSelector": apply_set.selector}).items
    return tuple(
        Resource(
            one["spec"]["group"],
            next(version["name"] for version in one["spec"]["versions"] if version["storage"]),
            one["spec"]["names"]["kind"],
            one["spec"]["names"]["plural"],
            one["spec"]["scope"] == "Namespaced",
        )
        for one in found
    )


def _reaching_into(objects: Objects, namespace: str) -> Iterator[dict[str, Any]]:
    """Yield the webhooks and API services that a Service of the namespace answers for."""
    for kind in WEBHOOKS:
        for one in objects.list(kind).items:
            backends = [hook["clientConfig"].get("service") or {} for hook in one.get("webhooks") or ()]
            if any(backend.get("namespace") == namespace for backend in backends):
                yield one
    for one in objects.list(API_SERVICES).items:
        if (one["spec"].get("service") or {}).get("namespace") == namespace:
            yield one


def _one(objects: Objects, resource: Resource, name: str) -> tuple[dict[str, Any], ...]:
    return objects.list(resource, query={"fieldSelector": f"metadata.name={name}"}).items


def _delete(objects: Objects, items: Iterable[dict[str, Any]], on_removed: OnRemoved) -> None:
    def delete(item: dict[str, Any]) -> None:
        reference = reference_of(item)
        if objects.delete(reference, item["metadata"]["uid"]):
            on_removed(reference)

    in_parallel(delete, [item for item in items if not item["metadata"].get("deletionTimestamp")])


def _wait_until_none(objects: Objects, kind: Resource, namespace: str, deadline: float) -> None:
    for found in watch(objects, kind, namespace, {}, timeout_seconds=deadline - time.monotonic()):
        if not found:
            return
        left = tuple(found.values())
    raise _stuck(left)


def _wait_for(objects: Objects, kind: Resource, items: Iterable[dict[str, Any]], deadline: float) -> None:
    for item in items:
        query = {"fieldSelector": f"metadata.name={item['metadata']['name']}"}
        place = item["metadata"]["namespace"]
        for found in watch(objects, kind, place, query, timeout_seconds=deadline - time.monotonic()):
            if not found:
                break
            left = tuple(found.values())
        else:
            raise _stuck(left)


def _wait_for_namespace(objects: Objects, namespace: str, deadline: float) -> None:
    query = {"fieldSelector": f"metadata.name={namespace}"}
    for found in watch(objects, NAMESPACES, "", query, timeout_seconds=deadline - time.monotonic()):
        if not found:
            return
    raise _stuck(tuple(_left_in(objects, namespace)), f"Namespace {namespace}")


def _left_in(objects: Objects, namespace: str) -> Iterator[dict[str, Any]]:
    """Yield what is left in a namespace, of whatever kind."""
    groups = objects.cluster.request("GET", "/apis").body["groups"]
    for path in ("/api/v1", *(f"/apis/{one['preferredVersion']['groupVersion']}" for one in groups)):
        group, _, version = path.removeprefix("/apis/").removeprefix("/api/").rpartition("/")
        for one in objects.cluster.request("GET", path).body["resources"]:
            if one["namespaced"] and "/" not in one["name"] and {"list", "delete"} <= set(one["verbs"]):
                kind = Resource(group, version, one["kind"], one["name"], True)
                yield from objects.list(kind, namespace, metadata_only=True).items


def _stuck(left: Iterable[dict[str, Any]], what: str = "") -> KubernetesError:
    """Name the objects that hold everything up: those with finalizers before others."""
    ordered = sorted(left, key=lambda one: not one["metadata"].get("finalizers"))
    named = [_with_finalizers(one) for one in ordered[:3]]
    more = f" and {len(ordered) - 3} more" if len(ordered) > 3 else ""
    blocked = f"{', '.join(named)}{more}" or "nothing that can be listed"
    return KubernetesError(
        f"{what} is not gone in time: {blocked} is left" if what else f"not gone in time: {blocked}",
        "let its controller finish, or take the finalizer off, then run destroy again",
        resource=what or (named[0] if named else ""),
    )


def _with_finalizers(item: dict[str, Any]) -> str:
    finalizers = item["metadata"].get("finalizers") or ()
    return f"{reference_of(item)}" + (f" (finalizer {', '.join(finalizers)})" if finalizers else "")
