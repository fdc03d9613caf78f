from __future__ import annotations

from typing import Any

import pytest

from sandbox.services.compute.quotas import set_limit

COMPUTE = "/compute/v1/projects/acme"
CLUSTERS = "/v1/projects/acme/locations/us-central1/clusters"


@pytest.fixture
def gke(services: Any) -> Any:
    services("POST", "compute", f"{COMPUTE}/global/networks", {"name": "vpc", "autoCreateSubnetworks": True})
    return services


def usage(services: Any, metric: str) -> tuple[float, float]:
    quotas = services("GET", "compute", f"{COMPUTE}/regions/us-central1")["quotas"]
    return next((one["usage"], one["limit"]) for one in quotas if one["metric"] == metric)


def cluster(**config: Any) -> dict[str, Any]:
    config = {"machineType": "e2-standard-4", "diskSizeGb": 100, **config}
    return {"cluster": {"name": "kfp", "initialNodeCount": 1, "network": "vpc", "nodeConfig": config}}


def test_usage_is_counted_from_what_exists(gke: Any) -> None:
    assert usage(gke, "CPUS") == (0.0, 500.0)
    gke("POST", "container", CLUSTERS, cluster())
    assert [usage(gke, one)[0] for one in ("CPUS", "SSD_TOTAL_GB", "IN_USE_ADDRESSES")] == [12.0, 300.0, 3.0]
    pool = {"name": "more", "initialNodeCount": 1, "config": {"diskType": "pd-standard"}}
    gke("POST", "container", f"{CLUSTERS}/kfp/nodePools", {"nodePool": pool})
    assert [usage(gke, one)[0] for one in ("CPUS", "DISKS_TOTAL_GB", "SSD_TOTAL_GB")] == [18.0, 300.0, 300.0]
    machine = {"machineType": "e2-standard-4", "networkInterfaces": [{"network": "projects/acme/global/networks/vpc"}]}
    notebooks = "/v2/projects/acme/locations/us-central1-a/instances"
    gke("POST", "notebooks", f"{notebooks}?instanceId=notes", {"gceSetup": {**machine, "disablePublicIp": True}})
    assert [usage(gke, one)[0] for one in ("CPUS", "SSD_TOTAL_GB", "IN_USE_ADDRESSES")] == [22.0, 550.0, 6.0]
    quotas = {one["metric"]: one["usage"] for one in gke("GET", "compute", COMPUTE)["quotas"]}
    assert (quotas["CPUS_ALL_REGIONS"], quotas["NETWORKS"]) == (22.0, 1.0)


def test_nodes_beyond_the_quota_are_refused_before_any_is_made(gke: Any) -> None:
    set_limit(gke.cloud, "acme", "us-central1", "CPUS", 8)
    error = gke.error("POST", "container", CLUSTERS, cluster())
    assert error.code == 403
    assert "resource \"CPUS\": request requires '12.0' and is short '4.0'" in error.message
    assert gke("GET", "container", CLUSTERS) == {}
    assert usage(gke, "CPUS") == (0.0, 8.0)
