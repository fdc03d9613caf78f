"""Quotas: how much there may be, and how much is in use, counted from what exists.

Machines and disks are counted where they are known: behind GKE's node pools, Workbench's instances, and disks of their
own. Source: https://cloud.google.com/compute/resource-usage
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.kernel.cloud import Cloud
from sandbox.kernel.errors import ApiError, invalid
from sandbox.kernel.resources import Document, Resources
from sandbox.services.compute.geography import REGIONS, is_region, region_of
from sandbox.services.compute.machine_types import machine_type

Json = dict[str, Any]
LIMITS = "quota-limits"
_REGION_LIMITS = {
    "CPUS": 500.0,
    "DISKS_TOTAL_GB": 81920.0,
    "SSD_TOTAL_GB": 40960.0,
    "IN_USE_ADDRESSES": 575.0,
    "STATIC_ADDRESSES": 700.0,
    "INSTANCES": 6000.0,
    "INSTANCE_GROUP_MANAGERS": 1000.0,
}
_PROJECT_LIMITS = {
    "NETWORKS": 50.0,
    "FIREWALLS": 1000.0,
    "SUBNETWORKS": 1000.0,
    "ROUTERS": 100.0,
    "STATIC_ADDRESSES": 70.0,
    "IN_USE_ADDRESSES": 70.0,
    "CPUS_ALL_REGIONS": 1000.0,
}
_STANDARD = "pd-standard"
Usage = dict[str, float]


def set_limit(cloud: Cloud, project: str, region: str, metric: str, limit: float) -> None:
    """Set the limit of a metric in a region, or with "" over all.

    Raises:
        ApiError: 400 for a region or metric that there is not.
    """
    known = _REGION_LIMITS if region else _PROJECT_LIMITS
    if (region and not is_region(region)) or metric not in known:
        raise invalid(f"use a region, or none, and one of {', '.join(known)}")
    cloud.store.put(LIMITS, f"{project}/{region}/{metric}", {"limit": limit})


def region_quotas(cloud: Cloud, project: str, region: str) -> list[Json]:
    """Return the quotas of a region as answers show them."""
    return _quotas(cloud, project, region, _REGION_LIMITS, _region_usage(cloud, project, region))


def project_quotas(cloud: Cloud, project: str) -> list[Json]:
    """Return the quotas over all regions as answers show them."""
    usage = {
        plural.upper(): float(_count(cloud, plural, f"projects/{project}/"))
        for plural in ("networks", "firewalls", "subnetworks", "routers")
    }
    regions = [_region_usage(cloud, project, region) for region in REGIONS]
    usage["STATIC_ADDRESSES"] = float(_count(cloud, "addresses", f"projects/{project}/global/"))
    usage["CPUS_ALL_REGIONS"] = sum(one.get("CPUS", 0.0) for one in regions)
    usage["IN_USE_ADDRESSES"] = sum(one.get("IN_USE_ADDRESSES", 0.0) for one in regions)
    return _quotas(cloud, project, "", _PROJECT_LIMITS, usage)


def require_quota(cloud: Cloud, project: str, location: str, config: Json, nodes: int, *, is_public: bool) -> None:
    """Refuse nodes for which a region's quota does not suffice, as GKE does before it makes any.

    Raises:
        ApiError: 403.
    """
    if not nodes:
        return
    wanted = {metric: nodes * amount for metric, amount in _machine(config, is_public=is_public).items()}
    for quota in region_quotas(cloud, project, region_of(location)):
        free = quota["limit"] - quota["usage"]
        if wanted.get(quota["metric"], 0.0) > free:
            short = wanted[quota["metric"]] - free
            raise ApiError(
                403,
                f'Insufficient regional quota to satisfy request: resource "{quota["metric"]}": request requires '
                f"'{wanted[quota['metric']]:.1f}' and is short '{short:.1f}'. project has a quota of "
                f"'{quota['limit']:.1f}' with '{free:.1f}' available. View and manage quotas at "
                f"https://console.cloud.google.com/iam-admin/quotas?usage=USED&project={project}.",
            )


def _region_usage(cloud: Cloud, project: str, region: str) -> Usage:
    usage: Usage = {}
    for name, group in Resources(cloud, "compute.instanceGroupManagers").items(f"projects/{project}/zones/{region}-"):
        if region_of(name.split("/")[3]) != region:
            continue
        _add(usage, _machine(group, is_public=group.get("isPublic", False)), group["targetSize"])
        _add(usage, {"INSTANCE_GROUP_MANAGERS": 1.0})
    for _, notebook in Resources(cloud, "notebooks.instances").items(f"projects/{project}/locations/{region}-"):
        _add(usage, _notebook(notebook["gceSetup"]))
    for _, disk in Resources(cloud, "compute.disks").items(f"projects/{project}/zones/{region}-"):
        _add(usage, _disk(str(disk.get("type", "")).rsplit("/", 1)[-1], disk.get("sizeGb", 0)))
    usage["STATIC_ADDRESSES"] = float(_count(cloud, "addresses", f"projects/{project}/regions/{region}/"))
    return usage


def _machine(config: Document, *, is_public: bool) -> Usage:
    shape = machine_type(config["machineType"])
    found = {"CPUS": float(shape.cpus if shape else 1), "INSTANCES": 1.0, "IN_USE_ADDRESSES": float(is_public)}
    return found | _disk(config.get("diskType", ""), config.get("diskSizeGb", 0))


def _notebook(setup: Json) -> Usage:
    usage = _machine({"machineType": setup["machineType"]}, is_public=not setup.get("disablePublicIp"))
    for disk in (setup["bootDisk"], *setup["dataDisks"]):
        _add(usage, _disk(disk.get("diskType", "").lower().replace("_", "-"), disk.get("diskSizeGb", 0)))
    return usage


def _disk(kind: str, gigabytes: Any) -> Usage:
    return {"DISKS_TOTAL_GB" if kind == _STANDARD else "SSD_TOTAL_GB": float(gigabytes)}


def _add(usage: Usage, more: Mapping[str, float], times: int = 1) -> None:
    for metric, amount in more.items():
        usage[metric] = usage.get(metric, 0.0) + amount * times


def _count(cloud: Cloud, plural: str, prefix: str) -> int:
    return len(Resources(cloud, f"compute.{plural}").items(prefix))


def _quotas(cloud: Cloud, project: str, region: str, limits: Mapping[str, float], usage: Usage) -> list[Json]:
    kept = {metric: cloud.store.get(LIMITS, f"{project}/{region}/{metric}") for metric in limits}
    return [
        {"metric": metric, "limit": (kept[metric] or {"limit": limit})["limit"], "usage": usage.get(metric, 0.0)}
        for metric, limit in limits.items()
    ]
