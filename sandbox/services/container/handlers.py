"""Requests about clusters, server configuration and operations of Kubernetes Engine v1.

Sources: https://cloud.google.com/kubernetes-engine/docs/reference/rest/v1 (projects.locations,
projects.locations.clusters, projects.locations.operations)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.kernel import operation_shapes
from sandbox.kernel.bodies import field, merged
from sandbox.kernel.cloud import Cloud
from sandbox.kernel.errors import ApiError, not_found
from sandbox.kernel.operations import Operation
from sandbox.kernel.resources import Document, Resources, fingerprint
from sandbox.kernel.routes import Call
from sandbox.services.container import store
from sandbox.services.container.capacity import operation_error
from sandbox.services.container.clusters import CREATE_SECONDS, cluster_key, insert_cluster, mirrored, view_cluster
from sandbox.services.container.node_pools import checked_locations, remove_pool
from sandbox.services.container.placement import release
from sandbox.services.container.store import HOST, cluster_path
from sandbox.services.container.updates import apply_update
from sandbox.services.container.versions import server_config

Json = dict[str, Any]
_UPDATE_SECONDS = 30.0
_DELETE_SECONDS = 180.0


def get_server_config(call: Call) -> Json:
    """Answer the versions on offer."""
    store.require_location(call.params["location"])
    return server_config()


def get(call: Call) -> Json:
    """Answer a cluster."""
    path = path_of(call)
    return view_cluster(call.cloud, path, store.read_cluster(call.cloud, path))


def list_(call: Call) -> Json:
    """Answer the clusters of a location, or with "-" of all."""
    location = call.params["location"]
    prefix = f"projects/{call.project}/locations/" + ("" if location == "-" else f"{location}/")
    found = Resources(call.cloud, store.CLUSTERS).items(prefix)
    return {"clusters": [view_cluster(call.cloud, path, cluster) for path, cluster in found]} if found else {}


def create(call: Call) -> Json:
    """Make a cluster and start its API server."""
    location = call.params["location"]
    store.require_location(location)
    body = field(call.body, "cluster", dict, {})
    cluster = insert_cluster(call.cloud, call.project, location, body)
    path = cluster_path(call.project, location, cluster["name"])
    if not cluster.get("failure"):
        try:
            call.cloud.clusters.create(cluster_key(path))
        except BaseException:
            forget_cluster(call.cloud, path, cluster)
            raise
    return operation(call, "CREATE_CLUSTER", path, CREATE_SECONDS, operation_error(cluster))


def update(call: Call) -> Json:
    """Make the one change that the body asks for."""
    path = path_of(call)
    with call.cloud.store.transaction():
        cluster = store.occupy(call.cloud, path, _UPDATE_SECONDS)
        apply_update(call.cloud, path, cluster, field(call.body, "update", dict, {}))
    return operation(call, "UPDATE_CLUSTER", path, _UPDATE_SECONDS)


def delete(call: Call) -> Json:
    """Delete a cluster with its node pools, and stop its API server."""
    path = path_of(call)
    with call.cloud.store.transaction():
        cluster = store.occupy(call.cloud, path, _DELETE_SECONDS, may_have_failed=True)
        gone_at = cluster["idle_at"]
        for pool in store.pools_of(call.cloud, path):
            remove_pool(call.cloud, path, pool, gone_at)
        Resources(call.cloud, store.CLUSTERS).remove(path, gone_at)
        release(call.cloud, cluster["name"], cluster["placement"])
    if cluster_key(path) in call.cloud.clusters.addresses():
        call.cloud.clusters.delete(cluster_key(path))
    return operation(call, "DELETE_CLUSTER", path, _DELETE_SECONDS)


def set_resource_labels(call: Call) -> Json:
    """Replace the labels, if the fingerprint is the present one."""

    def edit(cluster: Document) -> Document:
        if call.body.get("labelFingerprint") != fingerprint(cluster.get("resourceLabels", {})):
            raise ApiError(412, "Labels could not be set due to fingerprint mismatch.", reason="conditionNotMet")
        return {**cluster, "resourceLabels": call.body.get("resourceLabels", {})}

    return change(call, edit)


def set_maintenance_policy(call: Call) -> Json:
    """Replace the maintenance policy."""
    policy = field(call.body, "maintenancePolicy", dict, {})
    return change(call, lambda cluster: {**cluster, "maintenancePolicy": policy})


def set_logging(call: Call) -> Json:
    """Replace the logging service."""
    service = field(call.body, "loggingService", str, "")
    return change(call, lambda cluster: {**cluster, "loggingService": service})


def set_monitoring(call: Call) -> Json:
    """Replace the monitoring service."""
    service = field(call.body, "monitoringService", str, "")
    return change(call, lambda cluster: {**cluster, "monitoringService": service})


def set_addons(call: Call) -> Json:
    """Switch addons."""
    addons = field(call.body, "addonsConfig", dict, {})
    return change(call, lambda cluster: {**cluster, "addonsConfig": merged(cluster["addonsConfig"], addons)})


def set_legacy_abac(call: Call) -> Json:
    """Switch attribute based access control."""
    enabled = field(call.body, "enabled", bool, False)
    return change(call, lambda cluster: {**cluster, "legacyAbac": {"enabled": True} if enabled else {}})


def set_locations(call: Call) -> Json:
    """Replace the zones of nodes."""
    zones = field(call.body, "locations", list, [])
    return change(call, lambda cluster: {**cluster, "locations": checked_locations(cluster["location"], zones)})


def get_operation(call: Call) -> Json:
    """Answer an operation."""
    return _shape(call, _operation(call))


def list_operations(call: Call) -> Json:
    """Answer the operations of a location, or with "-" of all."""
    location = call.params["location"]
    begun = call.cloud.operations.of_project(HOST, call.project)
    shown = [_shape(call, one) for one in begun if location in ("-", one.scope.partition("/")[2])]
    return {"operations": shown} if shown else {}


def cancel_operation(call: Call) -> Json:
    """Refuse: what an operation does here is done when it begins."""
    found = _operation(call)
    raise ApiError(
        400,
        f"Operation {found.name} cannot be cancelled.",
        reason="failedPrecondition",
        status="FAILED_PRECONDITION",
    )


def change(call: Call, edit: Callable[[Document], Document]) -> Json:
    """Change the cluster of the path, and answer the operation."""
    path = path_of(call)
    with call.cloud.store.transaction():
        cluster = store.occupy(call.cloud, path, _UPDATE_SECONDS)
        store.put_cluster(call.cloud, path, mirrored(edit(cluster)))
    return operation(call, "UPDATE_CLUSTER", path, _UPDATE_SECONDS)


def path_of(call: Call) -> str:
    """Return the resource name of the cluster that a path is about."""
    return cluster_path(call.project, call.params["location"], call.params["cluster"])


def operation(call: Call, verb: str, target: str, real_seconds: float, error: Json | None = None) -> Json:
    """Begin an operation and answer it."""
    number = call.cloud.projects.get(call.project).number
    begun = call.cloud.operations.start(
        HOST,
        call.project,
        verb=verb,
        target=call.cloud.link(HOST, f"/v1/projects/{number}/{target.split('/', 2)[2]}"),
        scope=f"locations/{call.params['location']}",
        real_seconds=real_seconds,
        error=error,
    )
    return _shape(call, begun)


def forget_cluster(cloud: Cloud, path: str, cluster: Document) -> None:
    """Take back a cluster whose API server did not start."""
    with cloud.store.transaction():
        for pool in store.pools_of(cloud, path):
            remove_pool(cloud, path, pool, 0.0)
        Resources(cloud, store.CLUSTERS).remove(path, 0.0)
        release(cloud, cluster["name"], cluster["placement"])


def _operation(call: Call) -> Operation:
    name, location = call.params["operation"], call.params["location"]
    found = call.cloud.operations.get(HOST, name)
    if found.project != call.project or location not in ("-", found.scope.partition("/")[2]):
        path = f"projects/{call.project}/locations/{location}/operations/{name}"
        raise not_found(path, f"Not found: {path}.")
    return found


def _shape(call: Call, begun: Operation) -> Json:
    number = call.cloud.projects.get(call.project).number
    base = call.cloud.link(HOST, f"/v1/projects/{number}")
    return operation_shapes.container(begun, base, done=call.cloud.operations.is_done(begun))
