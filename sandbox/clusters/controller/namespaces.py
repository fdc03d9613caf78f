"""Furnishes namespaces with their ServiceAccount and CA, and empties those that are being deleted.

Source: Namespace (v1), its `finalize` subresource and its conditions. Where the API server does this itself there is
nothing left to do here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from sandbox.clusters.controller.client import ApiError
from sandbox.clusters.controller.discovery import Collection, list_collections
from sandbox.clusters.controller.objects import Object, is_deleted, name_of, namespace_of, with_times
from sandbox.clusters.controller.resources import CONFIG_MAPS, NAMESPACES, SERVICE_ACCOUNTS, Resource
from sandbox.clusters.controller.world import Key, Reconciler, World

NAME = "namespaces"
ROOT_CA = "kube-root-ca.crt"
FINALIZER = "kubernetes"
LOOK_AGAIN_SECONDS = 0.2
_DESCRIPTION = (
    "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the "
    "internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes "
    "clusters."
)


async def reconcile(world: World, key: Key) -> None:
    """Look at one namespace."""
    namespace = world.get(NAMESPACES, key)
    if namespace is None:
        return
    if is_deleted(namespace):
        if FINALIZER in (namespace["spec"].get("finalizers") or []):
            await _empty(world, namespace)
        return
    name = name_of(namespace)
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": name}}
    await _ensure(world, SERVICE_ACCOUNTS, account)
    metadata = {"name": ROOT_CA, "namespace": name, "annotations": {"kubernetes.io/description": _DESCRIPTION}}
    bundle = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"ca.crt": world.authority}}
    await _ensure(world, CONFIG_MAPS, bundle)


async def _ensure(world: World, resource: Resource, obj: Object) -> None:
    if world.get(resource, (namespace_of(obj), name_of(obj))) is None:
        try:
            await world.create(resource, obj)
        except ApiError as error:
            if not error.is_conflict:
                raise


async def _empty(world: World, namespace: Object) -> None:
    """Delete what a namespace holds; when nothing is left, let it go."""
    name = name_of(namespace)
    collections = await list_collections(world.client)
    found = await asyncio.gather(*(_list(world, collection, name) for collection in collections))
    remaining = {collection: objects for collection, objects in zip(collections, found, strict=True) if objects}
    for collection, objects in remaining.items():
        if not all(is_deleted(obj) for obj in objects):
            await world.client.delete_all(collection.path(name))
    if remaining:
        await _report(world, namespace, {collection.label: objects for collection, objects in remaining.items()})
        world.queue.add_after((NAME, ("", name)), LOOK_AGAIN_SECONDS)
        return
    rest = [each for each in namespace["spec"]["finalizers"] if each != FINALIZER]
    await world.client.replace(NAMESPACES, {**namespace, "spec": {**namespace["spec"], "finalizers": rest}}, "finalize")


async def _list(world: World, collection: Collection, namespace: str) -> list[Object]:
    try:
        found: list[Object] = (await world.client.read(collection.path(namespace)))["items"]
    except ApiError as error:
        if error.is_missing:  # a CustomResourceDefinition that went meanwhile
            return []
        raise
    return found


async def _report(world: World, namespace: Object, remaining: dict[str, list[Object]]) -> None:
    """Say in the status what keeps a namespace from ending."""
    counts = [f"{label} has {len(objects)} resource instances" for label, objects in sorted(remaining.items())]
    finalizers: dict[str, int] = {}
    for objects in remaining.values():
        for obj in objects:
            for finalizer in obj["metadata"].get("finalizers") or []:
                finalizers[finalizer] = finalizers.get(finalizer, 0) + 1
    blocked = [f"{finalizer} in {number} resource instances" for finalizer, number in sorted(finalizers.items())]
    conditions = [
        {
            "type": "NamespaceContentRemaining",
            "status": "True",
            "reason": "SomeResourcesRemain",
            "message": f"Some resources are remaining: {', '.join(counts)}",
        },
        {
            "type": "NamespaceFinalizersRemaining",
            "status": "True" if blocked else "False",
            "reason": "SomeFinalizersRemain" if blocked else "ContentHasNoFinalizers",
            "message": f"Some content in the namespace has finalizers remaining: {', '.join(blocked)}"
            if blocked
            else "All content-preserving finalizers finished",
        },
    ]
    known = (namespace.get("status") or {}).get("conditions") or []
    await world.update_status(
        NAMESPACES, namespace, {"conditions": with_times(conditions, known, ("lastTransitionTime",))}
    )


def _own(world: World, namespace: Object) -> Iterable[Key]:
    return (("", name_of(namespace)),)


def _of_account(world: World, account: Object) -> Iterable[Key]:
    return (("", namespace_of(account)),) if name_of(account) == "default" else ()


def _of_bundle(world: World, config_map: Object) -> Iterable[Key]:
    return (("", namespace_of(config_map)),) if name_of(config_map) == ROOT_CA else ()


RECONCILER = Reconciler(
    NAME,
    {NAMESPACES: _own, SERVICE_ACCOUNTS: _of_account, CONFIG_MAPS: _of_bundle},
    reconcile,
)
