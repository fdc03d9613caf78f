"""Ask a cluster's endpoint for something small, without patience: does it answer from here?

Source: masterAuthorizedNetworksConfig and privateClusterConfig of clusters, container v1
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clients.addresses import Addresses
from clients.gke import access_of
from clients.kubernetes.objects import open_cluster
from environment.endpoint import EndpointFacts, authorized_by
from environment.errors import UnreachableError

ANSWERING = ("RUNNING", "RECONCILING")


def read_endpoint(cluster: Mapping[str, Any], addresses: Addresses) -> EndpointFacts:
    """Return where a cluster answers and to whom, and what came of asking it.

    Args:
        cluster: GKE's document.
        addresses: Of the cloud.

    Raises:
        KubernetesError: When what answers is not the cluster.
        CredentialsError: When the credentials are refused.
    """
    facts = EndpointFacts(
        address=cluster["endpoint"],
        is_private=bool((cluster.get("privateClusterConfig") or {}).get("enablePrivateEndpoint")),
        authorized=authorized_by(cluster.get("masterAuthorizedNetworksConfig") or {}),
    )
    try:
        open_cluster(addresses, access_of(cluster, addresses)).cluster.read_version()
    except UnreachableError as error:
        return facts.model_copy(update={"problem": error.message})
    return facts
