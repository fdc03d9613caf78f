"""What each role sets by default; what a spec leaves out follows from here, what it gives wins.

Shape: the same nested mapping as the spec itself, so that a default and a given value meet in one merge.
"""

from __future__ import annotations

from typing import Any, Literal

Role = Literal["dev", "staging", "prod"]
Size = Literal["standard", "trial"]

_COMMON: dict[str, Any] = {
    "components": {"notebooks": False, "training": True, "prediction": True, "dataflow": True},
    "pipelines": {"version": "2.14.4", "namespace": "kubeflow", "rollout_timeout_seconds": 900},
    "network": {
        "subnet_cidr": "10.10.0.0/20",
        "pods_cidr": "10.20.0.0/16",
        "services_cidr": "10.30.0.0/20",
        "master_cidr": "172.16.0.0/28",
        "private_services_cidr": "10.40.0.0/20",
        "private_cluster": True,
    },
    "cluster": {
        "machine_type": "e2-standard-4",
        "min_nodes": 1,
        "max_nodes": 5,
        "disk_size_gib": 100,
        "release_channel": "REGULAR",
        "authorized_networks": [],
        "deletion_protection": False,
    },
    "database": {
        "names": {"pipelines": "pipelinedb", "metadata": "metadb", "cache": "cachedb"},  # as upstream has them
        "tier": "db-custom-1-3840",
        "private_ip": True,
        "highly_available": False,
        "backups": False,
        "point_in_time_recovery": False,
        "deletion_protection": False,
    },
    "notebook": {"machine_type": "e2-standard-4"},
    "identity": "workload_identity",
    "labels": {},
    "approval": {"required": False, "expires_after_seconds": 3600},
}

_BY_ROLE: dict[Role, dict[str, Any]] = {
    "dev": {
        "components": {"notebooks": True},
    },
    "staging": {
        "cluster": {"min_nodes": 1, "max_nodes": 3},
        "database": {"backups": True, "point_in_time_recovery": True},
    },
    "prod": {
        "cluster": {"machine_type": "e2-standard-8", "max_nodes": 6, "deletion_protection": True},
        "database": {
            "tier": "db-custom-2-7680",
            "highly_available": True,
            "backups": True,
            "point_in_time_recovery": True,
            "deletion_protection": True,
        },
        "approval": {"required": True},
    },
}


_BY_SIZE: dict[Size, dict[str, Any]] = {
    "standard": {},
    # Fits the quota of a free trial in one zone: 8 processors and 250 GB of SSD in a region.
    "trial": {
        "components": {"notebooks": False},
        "cluster": {"machine_type": "e2-standard-4", "min_nodes": 1, "max_nodes": 2, "disk_size_gib": 100},
        "database": {"tier": "db-custom-1-3840", "highly_available": False},
    },
}


def merged(defaults: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """Lay `given` over `defaults`, mapping by mapping; a mapping in one and none in the other is kept as it is."""
    result = dict(defaults)
    for key, value in given.items():
        below = result.get(key)
        result[key] = merged(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return result


def role_defaults(role: Role, size: Size = "standard") -> dict[str, Any]:
    """Return all that a spec of this role and size may leave out."""
    return merged(merged(_COMMON, _BY_ROLE[role]), _BY_SIZE[size])
