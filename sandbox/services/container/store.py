"""Clusters and node pools as the store has them, and who may work on a cluster when.

A cluster's document holds `placement`, the relative names of its `network` and `subnetwork`, beside what answers
show; a node pool's holds `size`, its nodes in each zone. GKE lets one operation at a time work on a cluster.
"""

from __future__ import annotations

from typing import Any

from sandbox.kernel.cloud import Cloud
from sandbox.kernel.errors import already_exists, failed_precondition, invalid, not_found
from sandbox.kernel.resources import Document, Resources, is_ready
from sandbox.services.compute.geography import is_region, is_zone

Json = dict[str, Any]
HOST = "container.googleapis.com"
CLUSTERS = "container.clusters"
POOLS = "container.node-pools"
IDENTITY_POOLS = "identity-pools"
ACCOUNTS = "service-accounts"


def cluster_path(project: str, location: str, cluster: str) -> str:
    """Return a cluster's resource name."""
    return f"projects/{project}/locations/{location}/clusters/{cluster}"


def require_location(location: str) -> None:
    """Refuse a location that is neither zone nor region.

    Raises:
        ApiError: 400.
    """
    if not is_region(location) and not is_zone(location):
        raise invalid(f'Location "{location}" does not exist.', reason="badRequest")


def read_cluster(cloud: Cloud, path: str) -> Document:
    """Return a cluster.

    Raises:
        ApiError: 404.
    """
    found = Resources(cloud, CLUSTERS).get(path)
    if found is None:
        raise not_found(path, f"Not found: {path}.")
    return found


def read_pool(cloud: Cloud, path: str, pool: str) -> Document:
    """Return a node pool of a cluster.

    Raises:
        ApiError: 404 where the pool, or its cluster, is missing.
    """
    read_cluster(cloud, path)
    found = Resources(cloud, POOLS).get(f"{path}/nodePools/{pool}")
    if found is None:
        raise not_found(path, f"Not found: {path}/nodePools/{pool}.")
    return found


def pools_of(cloud: Cloud, path: str) -> list[Document]:
    """Return the node pools of a cluster, the oldest first."""
    found = [pool for _, pool in Resources(cloud, POOLS).items(f"{path}/nodePools/")]
    return sorted(found, key=lambda pool: (pool["created_at"], pool["name"]))


def require_new(cloud: Cloud, path: str) -> None:
    """Refuse the name of a cluster that exists.

    Raises:
        ApiError: 409.
    """
    if Resources(cloud, CLUSTERS).get(path) is not None:
        raise already_exists(path, f"Already exists: {path}.")


def put_cluster(cloud: Cloud, path: str, cluster: Document) -> None:
    """Write a cluster."""
    Resources(cloud, CLUSTERS).put(path, cluster)


def put_pool(cloud: Cloud, path: str, pool: Document) -> None:
    """Write a node pool of a cluster."""
    Resources(cloud, POOLS).put(f"{path}/nodePools/{pool['name']}", pool)


def occupy(cloud: Cloud, path: str, real_seconds: float, *, may_have_failed: bool = False) -> Document:
    """Return a cluster on which an operation of that length begins, and store that it does.

    One whose creation failed can be deleted and nothing else.

    Raises:
        ApiError: 404, or 400 FAILED_PRECONDITION while another operation works on it.
    """
    cluster = read_cluster(cloud, path)
    if status_of(cloud, cluster) not in (("RUNNING", "ERROR") if may_have_failed else ("RUNNING",)):
        raise failed_precondition(f"Cluster is running incompatible operation {_running(cloud, path)}.")
    cluster = {**cluster, "idle_at": cloud.clock.now() + cloud.latency.pace(real_seconds)}
    put_cluster(cloud, path, cluster)
    return cluster


def status_of(cloud: Cloud, resource: Document, at_work: str = "RECONCILING") -> str:
    """Return the status of a cluster or a node pool."""
    if "gone_at" in resource:
        return "STOPPING"
    if not is_ready(cloud, resource):
        return "PROVISIONING"
    if resource.get("failure"):
        return "ERROR"
    return at_work if cloud.clock.now() < resource.get("idle_at", 0.0) else "RUNNING"


def _running(cloud: Cloud, path: str) -> str:
    _, project, _, location, _, cluster = path.split("/")
    target = f"/locations/{location}/clusters/{cluster}"
    for operation in reversed(cloud.operations.of_project(HOST, project)):
        if target in operation.target and not cloud.operations.is_done(operation):
            return operation.name
    return "operation"
