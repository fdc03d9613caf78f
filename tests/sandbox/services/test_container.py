from __future__ import annotations

import base64
import re
from typing import Any

import pytest

from sandbox.services.container.capacity import set_capacity

ZONE = "/v1/projects/acme/locations/us-central1-a"
REGION = "/v1/projects/acme/locations/us-central1"
CLUSTER = f"{ZONE}/clusters/kfp"
PATH = "projects/acme/locations/us-central1-a/clusters/kfp"
COMPUTE = "/compute/v1/projects/acme"
BODY = {
    "name": "kfp",
    "initialNodeCount": 1,
    "network": "projects/acme/global/networks/vpc",
    "subnetwork": "projects/acme/regions/us-central1/subnetworks/nodes",
    "ipAllocationPolicy": {"clusterSecondaryRangeName": "pods", "servicesSecondaryRangeName": "services"},
    "workloadIdentityConfig": {"workloadPool": "acme.svc.id.goog"},
    "privateClusterConfig": {"enablePrivateNodes": True, "masterIpv4CidrBlock": "172.16.0.0/28"},
    "resourceLabels": {"team": "ml"},
}


@pytest.fixture
def gke(services: Any) -> Any:
    services("POST", "compute", f"{COMPUTE}/global/networks", {"name": "vpc", "autoCreateSubnetworks": False})
    services(
        "POST",
        "compute",
        f"{COMPUTE}/regions/us-central1/subnetworks",
        {
            "name": "nodes",
            "network": "global/networks/vpc",
            "ipCidrRange": "10.10.0.0/20",
            "secondaryIpRanges": [
                {"rangeName": "pods", "ipCidrRange": "10.20.0.0/16"},
                {"rangeName": "services", "ipCidrRange": "10.30.0.0/20"},
            ],
        },
    )
    return services


def create(gke: Any, **fields: Any) -> Any:
    return gke("POST", "container", f"{ZONE}/clusters", {"cluster": {**BODY, **fields}})


def test_a_cluster_gets_an_api_server_and_what_gke_fills_in(gke: Any) -> None:
    begun = create(gke)
    number = gke.cloud.projects.get("acme").number
    assert begun["selfLink"].endswith(f"/v1/projects/{number}/locations/us-central1-a/operations/{begun['name']}")
    assert gke("GET", "container", f"{ZONE}/operations/{begun['name']}")["status"] == "DONE"
    assert gke.clusters.keys == ["acme/us-central1-a/kfp"]
    cluster = gke("GET", "container", CLUSTER)
    assert (cluster["status"], cluster["endpoint"]) == ("RUNNING", "127.0.0.1:6443")
    assert b"BEGIN CERTIFICATE" in base64.b64decode(cluster["masterAuth"]["clusterCaCertificate"])
    assert cluster["networkConfig"]["defaultEnablePrivateNodes"] is True
    assert cluster["networkConfig"]["subnetwork"] == BODY["subnetwork"]
    assert cluster["ipAllocationPolicy"]["clusterIpv4CidrBlock"] == "10.20.0.0/16"
    assert cluster["controlPlaneEndpointsConfig"]["ipEndpointsConfig"]["enablePublicEndpoint"] is True
    assert cluster["releaseChannel"] == {"channel": "REGULAR"}
    assert [pool["name"] for pool in cluster["nodePools"]] == ["default-pool"]
    assert {"legacyAbac", "notificationConfig", "loggingConfig"} <= set(cluster)
    assert not {"placement", "ready_at", "idle_at"} & set(cluster)


@pytest.mark.parametrize(
    ("location", "fields", "code", "text"),
    [
        (ZONE, {"name": "Kfp"}, 400, "cluster.name"),
        (ZONE, {"name": "k" * 41}, 400, "cluster.name"),
        ("/v1/projects/acme/locations/nowhere", {}, 400, 'Location "nowhere"'),
        (ZONE, {"initialNodeCount": 0}, 400, "Cluster.initial_node_count must be greater than zero."),
        (ZONE, {"initialNodeCount": "many"}, 400, "TYPE_INT32"),
        (ZONE, {"nodePools": [{"name": "one"}]}, 400, "together"),
        (ZONE, {"network": None, "subnetwork": None}, 400, 'Project "acme" has no network named "default".'),
        (ZONE, {"subnetwork": None}, 400, "requires specifying subnetwork"),
        (ZONE, {"subnetwork": "projects/acme/regions/us-central1/subnetworks/no"}, 404, "subnetworks/no"),
        ("/v1/projects/acme/locations/europe-west1", {}, 400, 'is not in region "europe-west1"'),
        (ZONE, {"ipAllocationPolicy": {"clusterSecondaryRangeName": "no"}}, 400, 'Secondary range "no"'),
        (ZONE, {"privateClusterConfig": {"masterIpv4CidrBlock": "172.16.0.0/24"}}, 400, "/28"),
        (ZONE, {"privateClusterConfig": {"masterIpv4CidrBlock": "10.20.0.0/28"}}, 400, "overlaps"),
        (ZONE, {"workloadIdentityConfig": {"workloadPool": "other.svc.id.goog"}}, 400, "acme.svc.id.goog"),
        (ZONE, {"nodeConfig": {"machineType": "e9-standard-4"}}, 400, "e9-standard-4"),
        (ZONE, {"nodeConfig": {"serviceAccount": "no@acme.iam.gserviceaccount.com"}}, 400, "does not exist"),
        (ZONE, {"initialClusterVersion": "1.9"}, 400, 'Master version "1.9" is unsupported.'),
        (ZONE, {"autopilot": {"enabled": True}}, 400, "regional"),
    ],
)
def test_create_refuses(gke: Any, location: str, fields: dict[str, Any], code: int, text: str) -> None:
    error = gke.error("POST", "container", f"{location}/clusters", {"cluster": {**BODY, **fields}})
    assert error.code == code
    assert text in error.message
    assert gke.clusters.keys == []


def test_a_name_is_taken_once(gke: Any) -> None:
    create(gke)
    error = gke.error("POST", "container", f"{ZONE}/clusters", {"cluster": BODY})
    assert (error.code, error.message) == (409, f"Already exists: {PATH}.")
    assert gke.error("GET", "container", f"{ZONE}/clusters/other").message == f"Not found: {PATH[:-3]}other."


def test_a_cluster_whose_api_server_does_not_start_is_taken_back(gke: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(key: str) -> None:
        raise OSError(f"no port for {key}")

    monkeypatch.setattr(gke.clusters, "create", fail)
    with pytest.raises(OSError, match="no port"):
        create(gke)
    assert gke("GET", "container", f"{ZONE}/clusters") == {}


def test_the_identity_pool_comes_with_the_first_cluster(gke: Any) -> None:
    assert gke.cloud.store.get("identity-pools", "acme") is None
    create(gke)
    assert gke.cloud.store.get("identity-pools", "acme") == {"name": "acme.svc.id.goog"}


def test_a_regional_cluster_has_nodes_in_three_zones(gke: Any) -> None:
    gke("POST", "container", f"{REGION}/clusters", {"cluster": {**BODY, "initialNodeCount": 2}})
    cluster = gke("GET", "container", f"{REGION}/clusters/kfp")
    assert cluster["locations"] == ["us-central1-a", "us-central1-b", "us-central1-c"]
    assert (cluster["currentNodeCount"], len(cluster["instanceGroupUrls"])) == (6, 3)
    assert [one["name"] for one in gke("GET", "container", "/v1/projects/acme/locations/-/clusters")["clusters"]] == [
        "kfp"
    ]
    assert gke("GET", "container", f"{ZONE}/clusters") == {}


def test_the_default_pool_goes_with_its_machines(gke: Any) -> None:
    create(gke)
    groups = gke("GET", "compute", f"{COMPUTE}/zones/us-central1-a/instanceGroupManagers")["items"]
    assert [group["targetSize"] for group in groups] == [1]
    assert groups[0]["selfLink"] == gke("GET", "container", CLUSTER)["instanceGroupUrls"][0]
    gke("DELETE", "container", f"{CLUSTER}/nodePools/default-pool")
    assert "items" not in gke("GET", "compute", f"{COMPUTE}/zones/us-central1-a/instanceGroupManagers")
    assert gke("GET", "container", CLUSTER)["initialNodeCount"] == 1
    assert gke.error("GET", "container", f"{CLUSTER}/nodePools/default-pool").code == 404


def test_a_cluster_without_named_ranges_adds_its_own_and_takes_it_away(gke: Any) -> None:
    create(gke, ipAllocationPolicy={"useIpAliases": True})
    path = f"{COMPUTE}/regions/us-central1/subnetworks/nodes"
    names = [one["rangeName"] for one in gke("GET", "compute", path)["secondaryIpRanges"]]
    assert names[2].startswith("gke-kfp-pods-")
    gke("DELETE", "container", CLUSTER)
    assert len(gke("GET", "compute", path)["secondaryIpRanges"]) == 2


def test_a_subnetwork_and_its_ranges_stay_while_a_cluster_uses_them(gke: Any) -> None:
    create(gke)
    path = f"{COMPUTE}/regions/us-central1/subnetworks/nodes"
    assert gke.error("DELETE", "compute", path).reason == "resourceInUseByAnotherResource"
    fresh = gke("GET", "compute", path)["fingerprint"]
    error = gke.error("PATCH", "compute", path, {"fingerprint": fresh, "secondaryIpRanges": []})
    assert error.reason == "resourceInUseByAnotherResource"
    gke("DELETE", "container", CLUSTER)
    assert gke.clusters.keys == []
    gke("DELETE", "compute", path)


POOL = {
    "name": "pool",
    "initialNodeCount": 1,
    "autoscaling": {"enabled": True, "minNodeCount": 1, "maxNodeCount": 3},
    "management": {"autoRepair": True, "autoUpgrade": True},
    "config": {"machineType": "n1-standard-4", "diskSizeGb": 100, "labels": {"pool": "default"}, "tags": ["node"]},
}


def test_a_pool_is_made_and_changed(gke: Any) -> None:
    create(gke)
    gke("POST", "container", f"{CLUSTER}/nodePools", {"nodePool": POOL})
    path = f"{CLUSTER}/nodePools/pool"
    gke(
        "PUT",
        "container",
        CLUSTER,
        {
            "update": {
                "desiredNodePoolId": "pool",
                "desiredNodePoolAutoscaling": {"enabled": True, "minNodeCount": 1, "maxNodeCount": 5},
            }
        },
    )
    gke("PUT", "container", path, {"name": "pool", "labels": {"labels": {"pool": "other"}}})
    gke("POST", "container", f"{path}:setSize", {"nodeCount": 2})
    gke("POST", "container", f"{path}:setManagement", {"management": {"autoUpgrade": True}})
    pool = gke("GET", "container", path)
    assert pool["autoscaling"]["maxNodeCount"] == 5
    assert pool["config"]["labels"] == {"pool": "other"}
    assert pool["config"]["tags"] == ["node"]
    assert pool["management"] == {"autoUpgrade": True}
    groups = gke("GET", "compute", f"{COMPUTE}/zones/us-central1-a/instanceGroupManagers?filter=targetSize=2")
    assert len(groups["items"]) == 1
    sizes = [group["size"] for group in gke("GET", "compute", f"{COMPUTE}/zones/us-central1-a/instanceGroups")["items"]]
    assert sorted(sizes) == [1, 2]
    usage = {one["metric"]: one["usage"] for one in gke("GET", "compute", f"{COMPUTE}/regions/us-central1")["quotas"]}
    assert (usage["INSTANCES"], usage["CPUS"]) == (3, 2 + 2 * 4)


@pytest.mark.parametrize(
    ("method", "path", "body", "code", "text"),
    [
        ("POST", "/nodePools", {"nodePool": {**POOL, "name": "default-pool"}}, 409, "Already exists"),
        ("POST", "/nodePools", {"nodePool": {**POOL, "name": "Pool"}}, 400, "node_pool.name"),
        ("POST", "/nodePools", {"nodePool": {**POOL, "initialNodeCount": 9}}, 400, "max_node_count"),
        ("POST", "/nodePools", {"nodePool": {**POOL, "management": {"autoUpgrade": False}}}, 400, "Auto_upgrade"),
        ("POST", "/nodePools", {"nodePool": {**POOL, "config": {"diskSizeGb": 1}}}, 400, "disk size"),
        ("PUT", "/nodePools/default-pool", {"colour": "red"}, 400, 'Unknown name "colour"'),
        ("PUT", "/nodePools/none", {"labels": {"labels": {}}}, 404, "nodePools/none"),
        ("POST", "/nodePools/default-pool:setManagement", {"management": {"autoRepair": True}}, 400, "Auto_upgrade"),
        ("POST", ":setResourceLabels", {"resourceLabels": {}, "labelFingerprint": "x"}, 412, "fingerprint mismatch"),
        ("PUT", "", {"update": {}}, 400, "Must specify a field"),
        (
            "PUT",
            "",
            {"update": {"desiredReleaseChannel": {"channel": "RAPID"}, "desiredShieldedNodes": {"enabled": True}}},
            400,
            "Only one update",
        ),
        ("PUT", "", {"update": {"desiredReleaseChannel": {"channel": "SLOW"}}}, 400, "SLOW"),
        ("PUT", "", {"update": {"desiredStackType": "IPV4"}}, 501, "desiredStackType"),
        ("PUT", "", {"update": {"desiredWorkloadIdentityConfig": {"workloadPool": "x.svc.id.goog"}}}, 400, "x.svc"),
    ],
)
def test_a_change_is_refused(gke: Any, method: str, path: str, body: dict[str, Any], code: int, text: str) -> None:
    create(gke)
    error = gke.error(method, "container", CLUSTER + path, body)
    assert error.code == code
    assert text in error.message


@pytest.mark.parametrize(
    ("update", "path", "value"),
    [
        ({"desiredReleaseChannel": {"channel": "STABLE"}}, "releaseChannel.channel", "STABLE"),
        (
            {"desiredLoggingConfig": {"componentConfig": {"enableComponents": ["SYSTEM_COMPONENTS"]}}},
            "loggingConfig.componentConfig.enableComponents",
            ["SYSTEM_COMPONENTS"],
        ),
        (
            {"desiredMasterAuthorizedNetworksConfig": {"enabled": True, "cidrBlocks": [{"cidrBlock": "10.0.0.0/8"}]}},
            "controlPlaneEndpointsConfig.ipEndpointsConfig.authorizedNetworksConfig.enabled",
            True,
        ),
        (
            {
                "desiredControlPlaneEndpointsConfig": {
                    "ipEndpointsConfig": {"authorizedNetworksConfig": {"enabled": True}}
                }
            },
            "masterAuthorizedNetworksConfig.enabled",
            True,
        ),
        ({"desiredDefaultEnablePrivateNodes": False}, "privateClusterConfig.enablePrivateNodes", False),
        ({"desiredIntraNodeVisibilityConfig": {"enabled": True}}, "networkConfig.enableIntraNodeVisibility", True),
        (
            {"desiredAddonsConfig": {"httpLoadBalancing": {"disabled": True}}},
            "addonsConfig.gcePersistentDiskCsiDriverConfig.enabled",
            True,
        ),
        ({"desiredLocations": ["us-central1-a", "us-central1-b"]}, "locations", ["us-central1-a", "us-central1-b"]),
    ],
)
def test_an_update_goes_where_it_belongs(gke: Any, update: dict[str, Any], path: str, value: object) -> None:
    create(gke)
    gke("PUT", "container", CLUSTER, {"update": update})
    shown = gke("GET", "container", CLUSTER)
    for part in path.split("."):
        shown = shown[part]
    assert shown == value


def test_labels_are_set_with_the_present_fingerprint(gke: Any) -> None:
    create(gke)
    fresh = gke("GET", "container", CLUSTER)["labelFingerprint"]
    body = {"resourceLabels": {"team": "data"}, "labelFingerprint": fresh}
    gke("POST", "container", f"{CLUSTER}:setResourceLabels", body)
    assert gke("GET", "container", CLUSTER)["resourceLabels"] == {"team": "data"}


def test_under_realistic_latency_one_operation_works_on_a_cluster_at_a_time(gke: Any) -> None:
    gke.latency.profile = "realistic"
    begun = create(gke)
    cluster = gke("GET", "container", CLUSTER)
    assert (cluster["status"], cluster["masterAuth"], begun["status"]) == ("PROVISIONING", {}, "RUNNING")
    assert "endpoint" not in cluster
    error = gke.error("POST", "container", f"{CLUSTER}/nodePools", {"nodePool": POOL})
    assert (error.code, error.status) == (400, "FAILED_PRECONDITION")
    assert error.message == f"Cluster is running incompatible operation {begun['name']}."
    gke.clock.seconds += 6
    assert gke("GET", "container", CLUSTER)["status"] == "RUNNING"
    gke("POST", "container", f"{CLUSTER}/nodePools", {"nodePool": POOL})
    assert gke("GET", "container", f"{CLUSTER}/nodePools/pool")["status"] == "PROVISIONING"
    assert gke("GET", "container", CLUSTER)["status"] == "RECONCILING"
    gke.clock.seconds += 2
    gke("DELETE", "container", CLUSTER)
    assert gke("GET", "container", CLUSTER)["status"] == "STOPPING"
    gke.clock.seconds += 4
    assert gke.error("GET", "container", CLUSTER).code == 404


def test_versions_follow_the_channel(gke: Any) -> None:
    config = gke("GET", "container", f"{ZONE}/serverConfig")
    rapid = next(one for one in config["channels"] if one["channel"] == "RAPID")
    create(gke, releaseChannel={"channel": "RAPID"})
    assert gke("GET", "container", CLUSTER)["currentMasterVersion"] == rapid["defaultVersion"]
    assert rapid["defaultVersion"] in config["validMasterVersions"]


def test_a_zone_without_machines_leaves_a_cluster_in_error_that_can_be_deleted(gke: Any) -> None:
    set_capacity(gke.cloud, "us-central1-a", is_available=False)
    begun = create(gke)
    operation = gke("GET", "container", f"{ZONE}/operations/{begun['name']}")
    assert operation["error"]["code"] == 8
    assert "does not have enough resources available to fulfill request: us-central1-a" in operation["error"]["message"]
    cluster = gke("GET", "container", CLUSTER)
    assert (cluster["status"], cluster["statusMessage"]) == ("ERROR", operation["error"]["message"])
    assert [one["code"] for one in cluster["conditions"]] == ["GCE_STOCKOUT"]
    assert [pool["status"] for pool in cluster["nodePools"]] == ["ERROR"]
    assert "endpoint" not in cluster
    assert gke.clusters.keys == []
    assert gke.error("POST", "container", f"{CLUSTER}/nodePools", {"nodePool": {"name": "more"}}).code == 400
    gke("DELETE", "container", CLUSTER)
    set_capacity(gke.cloud, "us-central1-a", is_available=True)
    create(gke)
    assert gke("GET", "container", CLUSTER)["status"] == "RUNNING"


def test_a_pool_that_gets_no_machines_fails_alone(gke: Any) -> None:
    create(gke)
    set_capacity(gke.cloud, "us-central1-a", is_available=False)
    begun = gke("POST", "container", f"{CLUSTER}/nodePools", {"nodePool": {"name": "more", "initialNodeCount": 1}})
    assert "enough resources" in begun["error"]["message"]
    assert gke("GET", "container", f"{CLUSTER}/nodePools/more")["status"] == "ERROR"
    assert gke("GET", "container", CLUSTER)["status"] == "RUNNING"
    gke("DELETE", "container", f"{CLUSTER}/nodePools/more")


def test_a_control_plane_s_range_is_a_subnetwork_as_long_as_the_cluster_is_there(gke: Any) -> None:
    path = f"{COMPUTE}/regions/us-central1/subnetworks"

    def names() -> list[str]:
        return [one["name"] for one in gke("GET", "compute", path)["items"] if one["ipCidrRange"] == "172.16.0.0/28"]

    create(gke)
    (name,) = names()
    assert re.fullmatch("gke-kfp-[0-9a-f]{8}-pe-subnet", name)
    error = gke.error("POST", "container", f"{ZONE}/clusters", {"cluster": {**BODY, "name": "other"}})
    assert f'overlaps with subnetwork "{name}"' in error.message
    gke("DELETE", "container", CLUSTER)
    assert names() == []
