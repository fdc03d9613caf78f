"""GKE v1: where a cluster's API server answers, and by which CA it is known; how a cluster or a node pool is.

No kubeconfig, gcloud or plugin.

Source: https://cloud.google.com/kubernetes-engine/docs/reference/rest/v1/projects.locations.clusters
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from clients.addresses import Addresses
from clients.credentials import google_credentials
from clients.google_errors import google_errors
from clients.kubernetes.connection import ClusterAccess
from environment.errors import GoogleApiError

HOST = "container.googleapis.com"


@dataclass(frozen=True)
class ClusterStatus:
    """What GKE says of a cluster or a node pool: `status` such as "RUNNING" or "ERROR", and why."""

    status: str
    message: str

    @property
    def was_never_ready(self) -> bool:
        """Tell whether its creation failed, or has not ended."""
        return self.status in ("ERROR", "PROVISIONING")

    def describe(self) -> str:
        """Return "ERROR: the message"."""
        return f"{self.status}: {self.message}" if self.message else self.status


def _client(addresses: Addresses, project_id: str) -> Any:
    from google.cloud.container_v1 import ClusterManagerClient

    return ClusterManagerClient(
        credentials=google_credentials(addresses, project_id),
        transport="rest",
        client_options={"api_endpoint": addresses.service(HOST)},
    )


def read_cluster_status(addresses: Addresses, project_id: str, location: str, cluster: str) -> ClusterStatus | None:
    """Read how a cluster is, None where there is none."""
    name = f"projects/{project_id}/locations/{location}/clusters/{cluster}"
    client = _client(addresses, project_id)
    return _status(f"read the cluster {cluster}", name, lambda: client.get_cluster(name=name, retry=None))


def read_pool_status(
    addresses: Addresses, project_id: str, location: str, cluster: str, pool: str
) -> ClusterStatus | None:
    """Read how a node pool is, None where it, or its cluster, is missing."""
    name = f"projects/{project_id}/locations/{location}/clusters/{cluster}/nodePools/{pool}"
    client = _client(addresses, project_id)
    return _status(f"read the node pool {pool}", name, lambda: client.get_node_pool(name=name, retry=None))


def _status(what: str, name: str, read: Callable[[], Any]) -> ClusterStatus | None:
    try:
        with google_errors(what, name):
            found = read()
    except GoogleApiError as error:
        if error.status == 404:
            return None
        raise
    conditions = [str(one.message) for one in found.conditions if one.message]
    return ClusterStatus(type(found).Status(found.status).name, str(found.status_message) or " ".join(conditions))


def read_cluster_access(addresses: Addresses, project_id: str, location: str, cluster: str) -> ClusterAccess:
    """Read endpoint and CA of a cluster.

    Raises:
        GoogleApiError: When there is no such cluster, or it is not running.
    """
    from google.cloud.container_v1 import Cluster

    name = f"projects/{project_id}/locations/{location}/clusters/{cluster}"
    with google_errors(f"read the cluster {cluster}", name):
        found = _client(addresses, project_id).get_cluster(name=name, retry=None)
    if found.status not in (Cluster.Status.RUNNING, Cluster.Status.RECONCILING):
        state = Cluster.Status(found.status).name
        raise GoogleApiError(f"the cluster {cluster} is {state}: {found.status_message}", resource=name)
    return _access(found.endpoint, found.master_auth.cluster_ca_certificate, addresses)


def access_of(cluster: Mapping[str, Any], addresses: Addresses) -> ClusterAccess:
    """Return endpoint and CA of a cluster, from GKE's document."""
    return _access(cluster["endpoint"], cluster["masterAuth"]["clusterCaCertificate"], addresses)


def _access(endpoint: str, authority: str, addresses: Addresses) -> ClusterAccess:
    certificate = base64.b64decode(authority).decode()
    return ClusterAccess(f"https://{endpoint}", certificate, addresses.impersonate, addresses.credentials)
