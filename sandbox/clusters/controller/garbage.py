"""Deletes what lost its owners, and ends foreground and orphaning deletions.

Source: "Garbage Collection" in the Kubernetes documentation. It covers the owners that the controller watches. Where
the API server collects garbage itself the objects are gone before this looks at them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sandbox.clusters.controller.client import ApiError
from sandbox.clusters.controller.objects import Object, is_deleted, key_of, name_of, namespace_of, owners_of, uid_of
from sandbox.clusters.controller.resources import EVENTS, NAMESPACES, NODES, WATCHED, Resource
from sandbox.clusters.controller.world import Key, Reconciler, Trigger, World

NAME = "garbage"
FOREGROUND = "foregroundDeletion"
ORPHAN = "orphan"

_BY_KIND = {(resource.api_version, resource.kind): resource for resource in WATCHED}
_BY_PLURAL = {(resource.group, resource.plural): resource for resource in WATCHED}


async def reconcile(world: World, key: Key) -> None:
    """Look at one object, as a dependent and as an owner."""
    group, plural, namespace, name = key
    resource = _BY_PLURAL[group, plural]
    obj = world.get(resource, (namespace, name))
    if obj is None:
        return
    if is_deleted(obj):
        finalizers = obj["metadata"].get("finalizers") or []
        if FOREGROUND in finalizers:
            await _delete_dependents(world, resource, obj)
        elif ORPHAN in finalizers:
            await _orphan_dependents(world, resource, obj)
    elif owners_of(obj) and not any([await _is_there(world, namespace, owner) for owner in owners_of(obj)]):
        await _delete(world, resource, obj, "Background")


async def _is_there(world: World, namespace: str, owner: Object) -> bool:
    resource = _BY_KIND.get((owner["apiVersion"], owner["kind"]))
    if resource is None:
        return True
    home = namespace if resource.namespaced else ""
    known = world.get(resource, (home, owner["name"]))
    if known is not None and uid_of(known) == owner["uid"]:
        return True
    try:  # the watch may be behind
        found = await world.client.read(resource.path(home, owner["name"]))
    except ApiError as error:
        if error.is_missing:
            return False
        raise
    return uid_of(found) == str(owner["uid"])


async def _delete_dependents(world: World, resource: Resource, owner: Object) -> None:
    dependents = list(_dependents(world, owner))
    for dependent_resource, dependent in dependents:
        if not is_deleted(dependent):
            await _delete(world, dependent_resource, dependent, "Foreground")
    if not dependents:
        await _take_off(world, resource, owner, FOREGROUND)


async def _orphan_dependents(world: World, resource: Resource, owner: Object) -> None:
    for dependent_resource, dependent in _dependents(world, owner):
        others = [each for each in owners_of(dependent) if each["uid"] != uid_of(owner)]
        await world.patch(dependent_resource, dependent, {"metadata": {"ownerReferences": others or None}})
    await _take_off(world, resource, owner, ORPHAN)


async def _delete(world: World, resource: Resource, obj: Object, propagation: str) -> None:
    await world.client.delete(resource, key_of(obj), uid=uid_of(obj), propagationPolicy=propagation)


async def _take_off(world: World, resource: Resource, obj: Object, finalizer: str) -> None:
    rest = [each for each in obj["metadata"]["finalizers"] if each != finalizer]
    await world.client.patch(resource, key_of(obj), {"metadata": {"finalizers": rest}})


def _dependents(world: World, owner: Object) -> Iterator[tuple[Resource, Object]]:
    for resource, store in world.stores.items():
        for dependent in store.owned_by(uid_of(owner)):
            yield resource, dependent


def _key(resource: Resource, obj: Object) -> Key:
    return resource.group, resource.plural, namespace_of(obj), name_of(obj)


def _trigger(resource: Resource) -> Trigger:
    def keys(world: World, obj: Object) -> Iterable[Key]:
        gone = world.get(resource, key_of(obj)) is None
        if gone:
            yield from (_key(each, dependent) for each, dependent in _dependents(world, obj))
        elif owners_of(obj) or is_deleted(obj):
            yield _key(resource, obj)
        for owner in owners_of(obj) if gone else ():
            owner_resource = _BY_KIND.get((owner["apiVersion"], owner["kind"]))
            if owner_resource is not None:
                home = namespace_of(obj) if owner_resource.namespaced else ""
                yield owner_resource.group, owner_resource.plural, home, owner["name"]

    return keys


RECONCILER = Reconciler(
    NAME,
    {resource: _trigger(resource) for resource in WATCHED if resource not in (NAMESPACES, NODES, EVENTS)},
    reconcile,
)
