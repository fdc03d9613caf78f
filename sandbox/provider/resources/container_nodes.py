"""What clusters and node pools share: the names of a node's configuration, and counting nodes.

https://cloud.google.com/kubernetes-engine/docs/reference/rest/v1/NodeConfig
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.provider.api import Api, Json
from sandbox.provider.links import last, relative, same_link
from sandbox.provider.rules import Rules

_NAMES = {
    "boot_disk.size_gb": "sizeGb",
    "effective_taints": "taints",
    "gcfs_config": "gcfsConfig",
    "guest_accelerator": "accelerators",
    "guest_accelerator.count": "acceleratorCount",
    "guest_accelerator.type": "acceleratorType",
    "guest_accelerator.gpu_driver_installation_config": "gpuDriverInstallationConfig",
    "guest_accelerator.gpu_sharing_config": "gpuSharingConfig",
    "kubelet_config.cpu_cfs_quota": "cpuCfsQuota",
    "logging_variant": "loggingConfig.variantConfig.variant",
    "resource_manager_tags": "resourceManagerTags.tags",
    "sole_tenant_config.node_affinity": "nodeAffinities",
    "taint": "taints",
    "windows_node_config.osversion": "osVersion",
}
_NUMBERS_AS_STRINGS = (
    "advanced_machine_features.threads_per_core",
    "boot_disk.provisioned_iops",
    "boot_disk.provisioned_throughput",
    "boot_disk.size_gb",
    "guest_accelerator.count",
    "guest_accelerator.gpu_sharing_config.max_shared_clients_per_gpu",
    "kubelet_config.pod_pids_limit",
)
_COMPUTED = (
    "boot_disk",
    "confidential_nodes",
    "gcfs_config",
    "guest_accelerator",
    "gvnic",
    "kubelet_config",
    "linux_node_config",
    "reservation_affinity",
    "shielded_instance_config",
    "windows_node_config",
    "workload_metadata_config",
)
CHANGEABLE = frozenset(
    {
        "boot_disk",
        "confidential_nodes",
        "containerd_config",
        "disk_size_gb",
        "disk_type",
        "effective_taints",
        "enable_confidential_storage",
        "fast_socket",
        "gcfs_config",
        "guest_accelerator",
        "gvnic",
        "image_type",
        "kubelet_config",
        "labels",
        "linux_node_config",
        "logging_variant",
        "machine_type",
        "resource_labels",
        "resource_manager_tags",
        "storage_pools",
        "tags",
        "taint",
        "windows_node_config",
        "workload_metadata_config",
    }
)
"""What a node pool changes in place; anything else needs another pool."""


def _own_labels(found: Any) -> Json:
    """Labels without those that GKE adds."""
    return {key: value for key, value in dict(found or {}).items() if not key.startswith("goog-gke-")}


def node_rules(prefix: str) -> Rules:
    """The tables of a node_config block at a path that ends in a dot."""
    return Rules(
        names={prefix + name: key for name, key in _NAMES.items()},
        read_only=frozenset({f"{prefix}effective_taints"}),
        defaults={f"{prefix}shielded_instance_config.enable_integrity_monitoring": True},
        computed_blocks=frozenset(prefix + name for name in _COMPUTED),
        same={f"{prefix}boot_disk_kms_key": same_link},
        strings=frozenset(prefix + name for name in _NUMBERS_AS_STRINGS),
        decode={f"{prefix}resource_labels": _own_labels},
    )


def merge(*parts: Rules) -> Rules:
    """One set of tables from several."""
    merged: dict[str, Any] = {}
    for part in parts:
        for name, table in vars(part).items():
            held = merged.get(name)
            if held is None:
                merged[name] = table
            elif isinstance(table, Mapping):
                merged[name] = {**held, **table}
            elif isinstance(table, frozenset):
                merged[name] = held | table
    return Rules(**merged)


def group_sizes(api: Api, pools: Sequence[Json]) -> dict[str, int]:
    """Sizes of the instance groups of some pools, by the group's path; one call for each zone."""
    zones: dict[tuple[str, str], None] = {}
    for pool in pools:
        for url in pool.get("instanceGroupUrls") or []:
            parts = relative(url).split("/")
            zones[(parts[1], parts[3])] = None
    sizes = {}
    for project, zone in zones:
        found = api.get("compute", f"projects/{project}/zones/{zone}/instanceGroupManagers")
        for item in found.get("items") or []:
            sizes[relative(item.get("selfLink"))] = int(item.get("targetSize") or 0)
    return sizes


def node_count(pool: Json, sizes: Mapping[str, int]) -> int | None:
    """Nodes per zone, None where the pool names no groups."""
    urls = pool.get("instanceGroupUrls") or []
    counted = [sizes.get(relative(url), 0) for url in urls]
    return sum(counted) // len(counted) if counted else None


def groups(pool: Json) -> tuple[list[str], list[str]]:
    """Links of a pool's instance groups, and of their managers."""
    managers = [str(url) for url in pool.get("instanceGroupUrls") or []]
    return [url.replace("instanceGroupManagers", "instanceGroups") for url in managers], managers


def location_of(cluster: str, state: Mapping[str, Any]) -> dict[str, Any]:
    """Project, location and name of a cluster that is given by name or by its whole path."""
    parts = relative(cluster).split("/")
    if len(parts) == 6:
        return {"project": parts[1], "location": parts[3], "cluster": parts[5]}
    return {"project": state.get("project"), "location": state.get("location"), "cluster": last(cluster)}
