"""Whether a cluster of ours that is there answers from here; of somebody's, `clients/existing.py` asks."""

from __future__ import annotations

from collections.abc import Collection

from clients.addresses import Addresses
from clients.endpoint import ANSWERING, read_endpoint
from clients.gke import HOST, access_of
from clients.google_rest import GoogleRest
from clients.kubernetes.objects import close_cluster
from environment.destruction import CLUSTER, Found
from environment.doctor import Looked
from environment.endpoint import endpoint_findings
from environment.spec import Environment


def look_at_endpoint(environment: Environment, addresses: Addresses, found: Collection[Found]) -> Looked:
    """Look whether the cluster can be reached; nothing, and no call, where there is none yet."""
    ours = None if environment.cluster.existing else next((one for one in found if one.kind == CLUSTER), None)
    if ours is None:
        return Looked()
    name, project = ours.name, environment.project_id
    path = f"/v1/projects/{project}/locations/{ours.place}/clusters/{name}"
    cluster = GoogleRest(addresses, project).get(HOST, path, f"read the cluster {name}")
    if cluster.get("status") not in ANSWERING:
        return Looked()
    try:
        facts = read_endpoint(cluster, addresses)
    finally:
        close_cluster(addresses, access_of(cluster, addresses))
    return Looked(findings=endpoint_findings(environment, f"cluster {name} in {ours.place}", facts))
