"""Makes the nodes of a cluster and what else GKE puts into a new one: StorageClasses and the system's priorities.

Source: what `kubectl get nodes,storageclasses -o yaml` shows on GKE 1.33.
"""

from __future__ import annotations

from sandbox.clusters.controller.objects import Object, digest, now, short_hash
from sandbox.clusters.controller.resources import NODES, STORAGE_CLASSES
from sandbox.clusters.controller.world import World

VERSION = "v1.33.4-gke.1350000"
MACHINE_TYPE = "e2-standard-4"
# Regions whose first zone is not "a".
_ZONES = {"europe-west1": "bcd", "us-east1": "bcd"}
_CAPACITY = {"cpu": "4", "memory": "16372500Ki", "ephemeral-storage": "98831908Ki", "pods": "110"}
_ALLOCATABLE = {"cpu": "3920m", "memory": "13911828Ki", "ephemeral-storage": "47060071478", "pods": "110"}


async def furnish(world: World) -> None:
    """Make what is missing."""
    project, location, cluster = world.cluster.split("/")
    for index, zone in enumerate(zones_of(location)):
        node = _node(project, cluster, zone, index)
        status = node.pop("status")
        found = world.get(NODES, ("", node["metadata"]["name"]))
        if found is None:
            found = await world.create(NODES, {**node, "status": status})
            await world.update_status(NODES, found, status, manager="kubelet")
        if found["spec"].get("taints"):  # that the API server gives a new node until it is ready
            await world.patch(NODES, found, {"spec": {"taints": None}}, manager="kube-controller-manager")
    for storage_class in _storage_classes():
        if world.get(STORAGE_CLASSES, ("", storage_class["metadata"]["name"])) is None:
            await world.create(STORAGE_CLASSES, storage_class)


def zones_of(location: str) -> list[str]:
    """Return the zones of a location: itself for a zone, three for a region."""
    if len(location) > 2 and location[-2] == "-":
        return [location]
    return [f"{location}-{letter}" for letter in _ZONES.get(location, "abc")]


def _node(project: str, cluster: str, zone: str, index: int) -> Object:
    suffix = f"{digest(project, cluster, zone)[:8]}-{short_hash(project, cluster, zone, length=4)}"
    name = f"gke-{cluster[:22].rstrip('-')}-default-pool-{suffix}"
    region = zone.rpartition("-")[0]
    labels = {
        "beta.kubernetes.io/arch": "amd64",
        "beta.kubernetes.io/os": "linux",
        "cloud.google.com/gke-nodepool": "default-pool",
        "cloud.google.com/gke-os-distribution": "cos",
        "iam.gke.io/gke-metadata-server-enabled": "true",
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "node.kubernetes.io/instance-type": MACHINE_TYPE,
        "topology.gke.io/zone": zone,
        "topology.kubernetes.io/region": region,
        "topology.kubernetes.io/zone": zone,
    }
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": labels},
        "spec": {
            "podCIDR": f"10.4.{index}.0/24",
            "podCIDRs": [f"10.4.{index}.0/24"],
            "providerID": f"gce://{project}/{zone}/{name}",
        },
        "status": _node_status(name, index),
    }


def _node_status(name: str, index: int) -> Object:
    moment = now()
    ready = {
        "type": "Ready",
        "status": "True",
        "reason": "KubeletReady",
        "message": "kubelet is posting ready status",
        "lastHeartbeatTime": moment,
        "lastTransitionTime": moment,
    }
    return {
        "addresses": [
            {"type": "InternalIP", "address": f"10.10.0.{index + 2}"},
            {"type": "Hostname", "address": name},
        ],
        "capacity": _CAPACITY,
        "allocatable": _ALLOCATABLE,
        "conditions": [ready],
        "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
        "nodeInfo": {
            "architecture": "amd64",
            "bootID": "",
            "containerRuntimeVersion": "containerd://1.7.27",
            "kernelVersion": "6.6.93+",
            "kubeProxyVersion": VERSION,
            "kubeletVersion": VERSION,
            "machineID": "",
            "operatingSystem": "linux",
            "osImage": "Container-Optimized OS from Google",
            "systemUUID": "",
        },
    }


def _storage_classes() -> list[Object]:
    kinds = (("standard", "pd-standard"), ("standard-rwo", "pd-balanced"), ("premium-rwo", "pd-ssd"))
    return [_storage_class(name, disk) for name, disk in kinds]


def _storage_class(name: str, disk: str) -> Object:
    is_default = str(name == "standard-rwo").lower()
    return {
        "apiVersion": STORAGE_CLASSES.api_version,
        "kind": STORAGE_CLASSES.kind,
        "metadata": {
            "name": name,
            "labels": {"addonmanager.kubernetes.io/mode": "EnsureExists"},
            "annotations": {"storageclass.kubernetes.io/is-default-class": is_default},
        },
        "provisioner": "pd.csi.storage.gke.io",
        "parameters": {"type": disk},
        "reclaimPolicy": "Delete",
        # GKE's "standard" binds at once, the others where their first consumer runs.
        "volumeBindingMode": "Immediate" if name == "standard" else "WaitForFirstConsumer",
        "allowVolumeExpansion": True,
    }
