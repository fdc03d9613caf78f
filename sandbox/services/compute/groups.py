"""The groups of machines behind GKE's node pools: GKE makes and resizes them, Compute Engine shows them.

Source: https://cloud.google.com/compute/docs/reference/rest/v1/instanceGroupManagers
"""

from __future__ import annotations

from typing import Any

from sandbox.kernel.clock import rfc3339
from sandbox.kernel.cloud import Cloud
from sandbox.kernel.resources import Resources
from sandbox.services.compute.kinds import Kind
from sandbox.services.compute.references import Reference

_MACHINE = ("machineType", "diskType", "diskSizeGb", "isPublic")
GROUPS = Kind(
    plural="instanceGroupManagers",
    singular="instance group manager",
    kind="compute#instanceGroupManager",
    view=lambda cloud, reference, document: {key: document[key] for key in document if key not in _MACHINE},
)


def put_group(cloud: Cloud, project: str, zone: str, name: str, *, size: int, machine: dict[str, Any]) -> str:
    """Make or resize a group; return its relative name.

    Args:
        cloud: The local cloud.
        project: The project's id.
        zone: The zone.
        name: The group's name.
        size: How many machines.
        machine: What each of them is: `machineType`, `diskType`, `diskSizeGb`, `isPublic`.
    """
    reference = Reference(project, f"zones/{zone}", GROUPS.plural, name)
    resources = Resources(cloud, GROUPS.collection)
    base = name.removesuffix("-grp")
    document: dict[str, Any] = resources.get(reference.path) or {
        "name": name,
        "id": cloud.clock.numeric_id(),
        "creationTimestamp": rfc3339(cloud.clock.now()),
        "baseInstanceName": base,
        "instanceGroup": f"projects/{project}/zones/{zone}/instanceGroups/{name}",
        "instanceTemplate": f"projects/{project}/global/instanceTemplates/{base}",
    }
    document = {
        **document,
        "targetSize": size,
        **machine,
        "currentActions": {"none": size},
        "status": {"isStable": True},
    }
    resources.put(reference.path, document)
    return reference.path


def remove_group(cloud: Cloud, name: str, gone_at: float) -> None:
    """Remove a group, given by its relative name, at that time."""
    Resources(cloud, GROUPS.collection).remove(name, gone_at)
