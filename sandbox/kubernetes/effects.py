"""What the cluster does by itself when an object was written.

The API server's own controllers and the controller manager do this in a real cluster; here it follows the write at
once.
"""

from __future__ import annotations

from typing import Any

from sandbox.kubernetes import crds, deletion, garbage, system
from sandbox.kubernetes.apply import record_update
from sandbox.kubernetes.cluster import Cluster
from sandbox.kubernetes.resources import Resource
from sandbox.kubernetes.storage import Record

Object = dict[str, Any]


def after_write(cluster: Cluster, resource: Resource, record: Record) -> None:
    """Follow a write up."""
    if record.view["metadata"].get("deletionTimestamp"):
        deletion.settle(cluster, record)
        return
    if (record.group, record.resource) == (crds.GROUP, crds.PLURAL):
        _establish(cluster, resource, record)
    elif (record.group, record.resource) == ("", "namespaces"):
        system.equip_namespace(cluster, record.name)
    _collect_if_abandoned(cluster, resource, record)


def _establish(cluster: Cluster, resource: Resource, record: Record) -> None:
    status = crds.new_status(record.view, cluster.registry, cluster.now())
    if status != record.view.get("status"):
        definition = record.copy()
        definition["status"] = status
        definition = record_update(
            record.view,
            definition,
            resource.schema,
            manager="kube-apiserver",
            now=cluster.now(),
            subresource="status",
        )
        record = cluster.store.put(record.group, record.resource, definition)
    if crds.is_established(record.view):
        cluster.registry.set_custom(record.name, crds.resources_of(record.view))


def _collect_if_abandoned(cluster: Cluster, resource: Resource, record: Record) -> None:
    """What names owners of which none exists is collected."""
    owners = garbage.references(record.view)
    if owners and all(cluster.store.get_uid(each["uid"]) is None for each in owners):
        deletion.delete(cluster, resource, record, deletion.DeleteOptions(policy="Background"))
