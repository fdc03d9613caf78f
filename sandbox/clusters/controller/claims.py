"""Binds PersistentVolumeClaims to volumes, and lets both go again.

Source: PersistentVolumeClaim (v1). As in a real cluster a claim of a class with WaitForFirstConsumer waits until the
scheduler has chosen a node for a pod that uses it.
"""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.clusters.controller.objects import (
    Object,
    annotations_of,
    is_deleted,
    key_of,
    name_of,
    namespace_of,
    uid_of,
)
from sandbox.clusters.controller.references import claims_of
from sandbox.clusters.controller.resources import CLAIMS, NODES, PODS, STORAGE_CLASSES, VOLUMES
from sandbox.clusters.controller.scheduler import SELECTED_NODE
from sandbox.clusters.controller.world import Key, Reconciler, World, own_key

NAME = "claims"
PROTECTION = "kubernetes.io/pvc-protection"
VOLUME_PROTECTION = "kubernetes.io/pv-protection"
DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"
PROVISION_SECONDS = 8.0


async def reconcile(world: World, key: Key) -> None:
    """Look at one claim."""
    claim = world.get(CLAIMS, key)
    if claim is None:
        await _release(world, key)
    elif is_deleted(claim):
        await _let_go(world, claim)
    elif (claim.get("status") or {}).get("phase") != "Bound":
        await _bind(world, claim)


async def _bind(world: World, claim: Object) -> None:
    storage_class = await _class_of(world, claim)
    if storage_class is None:
        return
    waits = storage_class.get("volumeBindingMode") == "WaitForFirstConsumer"
    if waits and SELECTED_NODE not in annotations_of(claim):
        world.note(claim, CLAIMS, "WaitForFirstConsumer", "waiting for first consumer to be created before binding")
        return
    if not world.has_passed((NAME, key_of(claim)), uid_of(claim), "provision", PROVISION_SECONDS):
        return
    volume = _volume(world, claim, storage_class)
    if world.get(VOLUMES, ("", name_of(volume))) is None:
        created = await world.create(VOLUMES, volume)
        await world.update_status(VOLUMES, created, {"phase": "Bound"})
    if claim["spec"].get("volumeName") != name_of(volume):
        claim = await world.patch(CLAIMS, claim, {"spec": {"volumeName": name_of(volume)}})
    status = {"phase": "Bound", "accessModes": claim["spec"]["accessModes"], "capacity": volume["spec"]["capacity"]}
    await world.update_status(CLAIMS, claim, status)
    text = f"Successfully provisioned volume {name_of(volume)}"
    world.note(claim, CLAIMS, "ProvisioningSucceeded", text)


async def _class_of(world: World, claim: Object) -> Object | None:
    """Return the claim's class, giving it the default one where it names none."""
    name = claim["spec"].get("storageClassName")
    if name is None:
        classes = world.stores[STORAGE_CLASSES].all()
        default = next((each for each in classes if annotations_of(each).get(DEFAULT_CLASS) == "true"), None)
        if default is not None:
            await world.patch(CLAIMS, claim, {"spec": {"storageClassName": name_of(default)}})
        return None
    found = world.get(STORAGE_CLASSES, ("", name))
    if found is None and name:
        text = f'storageclass.storage.k8s.io "{name}" not found'
        world.note(claim, CLAIMS, "ProvisioningFailed", text, warning=True)
    return found


def _volume(world: World, claim: Object, storage_class: Object) -> Object:
    name = f"pvc-{uid_of(claim)}"
    project, location, _ = world.cluster.split("/")
    node = world.get(NODES, ("", annotations_of(claim).get(SELECTED_NODE, "")))
    zone = node["metadata"]["labels"]["topology.kubernetes.io/zone"] if node else location
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {
            "name": name,
            "annotations": {"pv.kubernetes.io/provisioned-by": storage_class["provisioner"]},
        },
        "spec": {
            "accessModes": claim["spec"]["accessModes"],
            "capacity": {"storage": claim["spec"]["resources"]["requests"]["storage"]},
            "claimRef": {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "namespace": namespace_of(claim),
                "name": name_of(claim),
                "uid": uid_of(claim),
            },
            "csi": {
                "driver": storage_class["provisioner"],
                "fsType": "ext4",
                "volumeHandle": f"projects/{project}/zones/{zone}/disks/{name}",
            },
            "persistentVolumeReclaimPolicy": storage_class.get("reclaimPolicy", "Delete"),
            "storageClassName": name_of(storage_class),
            "volumeMode": claim["spec"].get("volumeMode", "Filesystem"),
        },
    }


async def _let_go(world: World, claim: Object) -> None:
    """Take the protection off a claim that no pod uses any more."""
    users = [pod for pod in world.stores[PODS].within(namespace_of(claim)) if name_of(claim) in claims_of(pod)]
    finalizers = claim["metadata"].get("finalizers") or []
    if not users and PROTECTION in finalizers:
        rest = [each for each in finalizers if each != PROTECTION]
        await world.patch(CLAIMS, claim, {"metadata": {"finalizers": rest}})


async def _release(world: World, key: Key) -> None:
    """Delete or release the volume of a claim that is gone."""
    for volume in world.stores[VOLUMES].all():
        reference = volume["spec"].get("claimRef") or {}
        if (reference.get("namespace"), reference.get("name")) != key:
            continue
        if volume["spec"].get("persistentVolumeReclaimPolicy") != "Delete":
            await world.update_status(VOLUMES, volume, {"phase": "Released"})
            continue
        if not is_deleted(volume):
            await world.delete(VOLUMES, volume)
        finalizers = volume["metadata"].get("finalizers") or []
        if VOLUME_PROTECTION in finalizers:
            rest = [each for each in finalizers if each != VOLUME_PROTECTION]
            await world.client.patch(VOLUMES, key_of(volume), {"metadata": {"finalizers": rest}})


def _of_pod(world: World, pod: Object) -> Iterable[Key]:
    return ((namespace_of(pod), name) for name in claims_of(pod))


def _of_class(world: World, storage_class: Object) -> Iterable[Key]:
    return (key_of(claim) for claim in world.stores[CLAIMS].all())


def _of_volume(world: World, volume: Object) -> Iterable[Key]:
    reference = volume["spec"].get("claimRef") or {}
    return ((reference.get("namespace", ""), reference.get("name", "")),) if reference else ()


RECONCILER = Reconciler(
    NAME, {CLAIMS: own_key, PODS: _of_pod, STORAGE_CLASSES: _of_class, VOLUMES: _of_volume}, reconcile
)
