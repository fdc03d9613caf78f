"""Requests about what Compute Engine has without anybody making it: the project, regions, zones, machine types.

Sources: https://cloud.google.com/compute/docs/reference/rest/v1 (projects, regions, zones, machineTypes)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.kernel.clock import rfc3339
from sandbox.kernel.errors import not_found
from sandbox.kernel.pages import paginate
from sandbox.kernel.routes import Call
from sandbox.services.compute.filters import matcher
from sandbox.services.compute.geography import REGIONS, is_region, is_zone, region_of, require_scope, zones_of
from sandbox.services.compute.machine_types import MachineType, machine_type, machine_types
from sandbox.services.compute.quotas import project_quotas, region_quotas
from sandbox.services.compute.references import HOST

Json = dict[str, Any]
_BORN = "1969-12-31T16:00:00.000-08:00"


def get_project(call: Call) -> Json:
    """Answer the project, with its quotas over all regions."""
    project = call.cloud.projects.get(call.project)
    return {
        "kind": "compute#project",
        "id": project.number,
        "name": project.project_id,
        "creationTimestamp": rfc3339(project.created_at),
        "commonInstanceMetadata": {"kind": "compute#metadata", "fingerprint": "kYlJRWEPhHE="},
        "defaultServiceAccount": f"{project.number}-compute@developer.gserviceaccount.com",
        "defaultNetworkTier": "PREMIUM",
        "vmDnsSetting": "ZONAL_ONLY",
        "xpnProjectStatus": "UNSPECIFIED_XPN_PROJECT_STATUS",
        "quotas": project_quotas(call.cloud, call.project),
        "selfLink": call.cloud.link(HOST, f"/compute/v1/projects/{call.project}"),
    }


def get_region(call: Call) -> Json:
    """Answer a region, with its quotas."""
    return _found(is_region, _region, call, "regions", call.params["region"])


def list_regions(call: Call) -> Json:
    """Answer all regions."""
    return _list(call, "compute#regionList", [_region(call, name) for name in REGIONS])


def get_zone(call: Call) -> Json:
    """Answer a zone."""
    return _found(is_zone, _zone, call, "zones", call.params["zone"])


def list_zones(call: Call) -> Json:
    """Answer all zones."""
    return _list(call, "compute#zoneList", [_zone(call, zone) for region in REGIONS for zone in zones_of(region)])


def get_machine_type(call: Call) -> Json:
    """Answer a machine type of a zone."""
    require_scope(f"zones/{call.params['zone']}")
    found = machine_type(call.params["name"])
    if found is None:
        path = f"projects/{call.project}/zones/{call.params['zone']}/machineTypes/{call.params['name']}"
        raise not_found(path, f"The resource '{path}' was not found")
    return _machine_type(call, call.params["zone"], found)


def list_machine_types(call: Call) -> Json:
    """Answer the predefined machine types of a zone."""
    zone = call.params["zone"]
    require_scope(f"zones/{zone}")
    return _list(call, "compute#machineTypeList", [_machine_type(call, zone, one) for one in machine_types()])


def _found(
    exists: Callable[[str], bool], show: Callable[[Call, str], Json], call: Call, plural: str, name: str
) -> Json:
    if not exists(name):
        path = f"projects/{call.project}/{plural}/{name}"
        raise not_found(path, f"The resource '{path}' was not found")
    return show(call, name)


def _region(call: Call, name: str) -> Json:
    return {
        "kind": "compute#region",
        "id": str(1000 + REGIONS.index(name) * 10),
        "creationTimestamp": _BORN,
        "name": name,
        "description": name,
        "status": "UP",
        "zones": [_link(call, f"zones/{zone}") for zone in zones_of(name)],
        "quotas": region_quotas(call.cloud, call.project, name),
        "selfLink": _link(call, f"regions/{name}"),
    }


def _zone(call: Call, name: str) -> Json:
    region = region_of(name)
    return {
        "kind": "compute#zone",
        "id": str(2000 + REGIONS.index(region) * 10 + zones_of(region).index(name)),
        "creationTimestamp": _BORN,
        "name": name,
        "description": name,
        "status": "UP",
        "region": _link(call, f"regions/{region}"),
        "selfLink": _link(call, f"zones/{name}"),
    }


def _machine_type(call: Call, zone: str, found: MachineType) -> Json:
    gib = found.memory_mib / 1024
    return {
        "kind": "compute#machineType",
        "id": str(3000 + found.cpus * 10000 + found.memory_mib),
        "creationTimestamp": _BORN,
        "name": found.name,
        "description": f"{found.cpus} vCPUs, {gib:g} GB RAM",
        "guestCpus": found.cpus,
        "memoryMb": found.memory_mib,
        "imageSpaceGb": 0,
        "maximumPersistentDisks": 128,
        "maximumPersistentDisksSizeGb": "263168",
        "isSharedCpu": found.name in ("e2-micro", "e2-small", "e2-medium", "f1-micro", "g1-small"),
        "zone": zone,
        "selfLink": _link(call, f"zones/{zone}/machineTypes/{found.name}"),
    }


def _list(call: Call, kind: str, items: list[Json]) -> Json:
    matches = matcher(call.query.get("filter", ""))
    page, token = paginate([one for one in items if matches(one)], call.query, size_key="maxResults")
    body: Json = {"kind": kind, "items": page, "selfLink": call.cloud.link(HOST, call.path)}
    return {**body, "nextPageToken": token} if token else body


def _link(call: Call, path: str) -> str:
    return call.cloud.link(HOST, f"/compute/v1/projects/{call.project}/{path}")
